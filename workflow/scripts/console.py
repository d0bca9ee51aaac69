"""What a run shows on the terminal: one line for each job that starts, behind the run's bar."""

import logging
import time
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

WIDTH = 20
"""Of the bar, in letters."""

HANDLER = "DefaultStreamHandler"
"""Snakemake's name of what writes to the terminal; its log in .snakemake/log/ stays complete."""

SILENT = {
    LogEvent.WORKFLOW_STARTED,
    LogEvent.RUN_INFO,
    LogEvent.RESOURCES_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
}
"""Events without a line: what their lines say stands in the line of a job, or in the log."""

ROUTINE = (
    "Assuming unrestricted shared filesystem",
    "Building DAG of jobs",
    "Conda environments: ignored",
    "DAG of jobs will be updated",
    "Select jobs to execute",
    "Updating checkpoint dependencies",
    "Using shell:",
    "host:",
)
"""How messages begin that say the same in every run."""


def show_briefly(logger: logging.Logger, settings: Any) -> None:
    """Have Snakemake's terminal show the bar and the jobs, unless more was asked for.

    A bar that stays at the bottom, as snakemake-logger-plugin-rich has, is torn by the lines in
    which jobs themselves tell how far they are; lines are not, and read the same in a file.

    Args:
        logger: Snakemake's.
        settings: Its output settings.
    """
    asked = settings.verbose or settings.debug_dag or settings.printshellcmds or settings.dryrun
    if asked or settings.quiet:
        return
    for handler in logger.handlers:
        # Once, however often the workflow is read: each of several factors reads it again.
        if handler.name == HANDLER and not isinstance(handler.formatter, Brief):
            brief = Brief(handler.formatter or logging.Formatter())
            handler.setFormatter(brief)
            handler.addFilter(brief.keeps)


class Brief(logging.Formatter):
    """Formats the start of a job in one line, and passes everything else on.

    Args:
        usual: What formats the rest.
    """

    def __init__(self, usual: logging.Formatter) -> None:
        super().__init__()
        self.usual, self.began = usual, time.monotonic()
        self.done, self.total = 0, 0

    def keeps(self, record: logging.LogRecord) -> bool:
        """Whether a record has a line of its own; the counts of jobs are remembered."""
        event = getattr(record, "event", None)
        if event == LogEvent.PROGRESS:
            self.done, self.total = record.done, record.total  # type: ignore[attr-defined]
            return self.done == self.total
        if event == LogEvent.RUN_INFO:
            self.total = record.stats.get("total", 0)  # type: ignore[attr-defined]
        return event not in SILENT and not str(record.msg).startswith(ROUTINE)

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        if getattr(record, "event", None) != LogEvent.JOB_INFO:
            return self.usual.format(record)
        job: Any = record
        names = ", ".join(str(x) for x in dict(job.wildcards or {}).values())
        return f"{self._bar()} {job.rule_name}" + (f": {names}" if names else "")

    def _bar(self) -> str:
        """The time since the start, the bar, and how many jobs are done."""
        seconds = int(time.monotonic() - self.began)
        clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        share = self.done / max(self.total, 1)
        filled = int(share * WIDTH)
        done = f"{self.done:{len(str(self.total))}} of {self.total}"
        return f"{clock} [{'#' * filled}{'.' * (WIDTH - filled)}] {done}"
