"""What ends a job with one line and no traceback: nothing is wrong with the program."""


class InputError(Exception):
    """An input that cannot be used, told in one line: what, what is wrong with it, what to do.

    Args:
        source: The file (or config key) at fault, with a line number where there is one.
        problem: What is wrong with it.
        remedy: What the user can do about it.

    Example:
        >>> print(InputError("genome.fa", "no such file", "correct the path"))
        genome.fa: no such file; correct the path
    """

    def __init__(self, source: object, problem: str, remedy: str) -> None:
        super().__init__(f"{source}: {' '.join(problem.split())}; {remedy}")


class TimeUpError(Exception):
    """The time that a job has is nearly over; what it finished is kept, and it can be run again."""
