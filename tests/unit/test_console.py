"""One line for each job that starts, and nothing that every run says alike."""

import logging
from types import SimpleNamespace

import pytest
from console import show_briefly
from snakemake_interface_logger_plugins.common import LogEvent

USUAL = {"verbose": False, "debug_dag": False, "printshellcmds": False, "dryrun": False}


@pytest.fixture
def shown():
    """A logger like Snakemake's, the handler of its terminal, and what that has written."""
    lines = []

    class Terminal(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    terminal = Terminal()
    terminal.name = "DefaultStreamHandler"
    terminal.setFormatter(logging.Formatter("usual: %(message)s"))
    logger = logging.Logger("snakemake", logging.INFO)
    logger.addHandler(terminal)
    return logger, lines


def log_a_run(logger):
    def log(message, **extra):
        logger.info(message, extra=extra)

    log("Building DAG of jobs...")
    log("Job stats", event=LogEvent.RUN_INFO, stats={"total": 4})
    log("Select jobs to execute...")
    log("Execute 1 jobs...", event=LogEvent.JOB_STARTED)
    log(None, event=LogEvent.JOB_INFO, rule_name="prepare_genome", wildcards={})
    log("Finished", event=LogEvent.JOB_FINISHED)
    log(None, event=LogEvent.PROGRESS, done=1, total=4)
    lines = {"model": "unet", "cell_line": "a"}
    log(None, event=LogEvent.JOB_INFO, rule_name="predict_binding", wildcards=lines)
    log("Error in rule predict_binding", event=LogEvent.JOB_ERROR)
    log("Trying to restart job 3.")
    log("all done", event=LogEvent.PROGRESS, done=4, total=4)


def test_a_run(shown):
    logger, lines = shown
    for _ in range(2):  # as in a study of two factors
        show_briefly(logger, SimpleNamespace(**USUAL, quiet=set()))
    log_a_run(logger)
    assert lines == [
        f"0:00:00 [{20 * '.'}] 0 of 4 prepare_genome",
        f"0:00:00 [{5 * '#'}{15 * '.'}] 1 of 4 predict_binding: unet, a",
        "usual: Error in rule predict_binding",
        "usual: Trying to restart job 3.",
        "usual: all done",
    ]


@pytest.mark.parametrize("asked", [*USUAL, "quiet"])
def test_whoever_asks_for_more_or_for_less_gets_what_snakemake_gives(shown, asked):
    logger, lines = shown
    settings = USUAL | {"quiet": set()} | {asked: {"rules"} if asked == "quiet" else True}
    show_briefly(logger, SimpleNamespace(**settings))
    log_a_run(logger)
    assert len(lines) == 11 and lines[0] == "usual: Building DAG of jobs..."
