"""Trainings that may fail: each in a process of its own, its outcome on record either way."""

import logging
import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
from optuna.storages.journal import JournalFileBackend

from leopard.errors import InputError
from leopard.experiments.outcomes import MEASURE

log = logging.getLogger(__name__)


def survive(work: Callable[[], None]) -> str | None:
    """Run `work` in a child process and wait for it.

    Returns:
        None if it succeeded, otherwise why it did not: its error, or the signal that killed it.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def run() -> None:
        try:
            work()
        except Exception as error:
            log.exception("this trial failed")
            sender.send(f"{type(error).__name__}: {error}".splitlines()[0])
            raise SystemExit(1) from error

    child = context.Process(target=run)
    child.start()
    sender.close()  # so that the child's end is the only one, and its death an end of file
    child.join()
    if child.exitcode == 0:
        return None
    if receiver.poll():
        try:
            return receiver.recv()
        except EOFError:
            pass
    code = child.exitcode or 0
    name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return f"killed ({name}); out of memory?" if name == "SIGKILL" else f"ended by {name}"


def find_largest(fits: Callable[[int], bool], first: int = 16) -> int:
    """The largest number that fits, to within a sixteenth, by doubling and then halving the gap.

    Args:
        fits: Whether a number fits; all smaller ones do then.
        first: Where to begin.

    Raises:
        InputError: Not even 1 fits.
    """
    high = first
    while fits(high):
        log.info("%d fit", high)
        high *= 2
    low = high // 2 if high > first else 0
    while high - low > max(1, low // 16):
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
        log.info("%d fit, %d do not", low, high)
    if not low:
        raise InputError("largest batch", "not even one window fits", "see the log for why")
    return low


def open_study(path: Path, seed: int) -> optuna.Study:
    """Open, or begin, a search kept in a journal file, which several processes may share."""
    path.parent.mkdir(parents=True, exist_ok=True)
    backend = JournalFileBackend(str(path))
    return optuna.create_study(
        study_name="search",
        storage=optuna.storages.JournalStorage(backend),
        sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2),
        direction="maximize",
        load_if_exists=True,
    )


def search(
    journal: Path,
    seed: int,
    n_trials: int,
    batch_sizes: Sequence[int],
    learning_rates: Sequence[float],
    work: Callable[[Mapping[str, Any], Callable[[int, float], None]], None],
) -> None:
    """Try batch sizes and learning rates jointly until the study has so many finished trials.

    Args:
        journal: The study, shared with other workers and kept from earlier runs.
        seed: Of this worker's proposals.
        n_trials: Of all workers together, pruned and failed ones included.
        batch_sizes: To choose from.
        learning_rates: The ends of the range, drawn from evenly in the logarithm.
        work: Trains, in a process of its own, with the values it is given; it calls the function
            it is given after each epoch with the epoch's number and validation PR-AUC, which ends
            the training of a trial that promises little. The best epoch counts.
    """
    state = optuna.trial.TrialState
    study = open_study(journal, seed)
    while sum(t.state.is_finished() for t in study.get_trials(deepcopy=False)) < n_trials:
        trial = study.ask()
        values = {
            "batch_size": trial.suggest_categorical("batch_size", list(batch_sizes)),
            "learning_rate": trial.suggest_float(
                "learning_rate", min(learning_rates), max(learning_rates), log=True
            ),
        }

        def attempt(values: Mapping[str, Any] = values, number: int = trial.number) -> None:
            own = open_study(journal, seed)  # a storage of its own: processes must not share one
            trial = optuna.trial.Trial(own, own.get_trials(deepcopy=False)[number]._trial_id)

            def report(epoch: int, value: float) -> None:
                trial.report(value, epoch)
                if trial.should_prune():
                    raise optuna.TrialPruned(f"after epoch {epoch}")

            work(values, report)

        failure = survive(attempt)
        reported = study.get_trials(deepcopy=False)[trial.number].intermediate_values
        pruned = failure is not None and failure.startswith("TrialPruned")
        if failure:
            study.tell(trial, state=state.PRUNED if pruned else state.FAIL)
        else:
            study.tell(trial, max(reported.values()))
        log.info("trial %d, %s: %s", trial.number, values, failure or max(reported.values()))


def read_search(journal: Path) -> pd.DataFrame:
    """Trials of a search: trial, state, batch_size, learning_rate, best_val_pr_auc, epochs."""
    rows = [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            **trial.params,
            MEASURE: max(trial.intermediate_values.values(), default=None),
            "epochs": len(trial.intermediate_values),
        }
        for trial in open_study(journal, 0).get_trials(deepcopy=False)
    ]
    return pd.DataFrame(rows)
