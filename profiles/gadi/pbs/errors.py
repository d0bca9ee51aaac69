"""What goes wrong between here and the server."""


class RefusedError(Exception):
    """What keeps a job from being submitted, and what to do; shown in one line."""


class AwayError(Exception):
    """The server gave no answer; the next one may come."""
