"""The one exception that stands for "your input is wrong, not the program"."""


class InputError(Exception):
    """An input that cannot be used, told in one line: what, what is wrong with it, what to do.

    Args:
        source: The file (or config key) at fault, with a line number where there is one.
        problem: What is wrong with it.
        remedy: What the user can do about it.
    """

    def __init__(self, source: object, problem: str, remedy: str) -> None:
        super().__init__(f"{source}: {problem}; {remedy}")
