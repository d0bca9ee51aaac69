"""What whole runs of other studies begin with: the tiny one, or one that is finished."""

from workflow.conftest import finished, finished_origin, make_study

__all__ = ["finished", "finished_origin", "make_study"]
