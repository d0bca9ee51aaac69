"""How long training takes is told once, and who wastes a device hears of it."""

import logging

import keras
import numpy as np
import pytest
from leopard import PROGRESS
from leopard.training import forecast
from leopard.training.forecast import Forecast, warn_if_idle

EPOCHS, STEPS = 3, 8


@pytest.fixture
def train():
    """Train something small with a forecast from its second step on."""
    keras.utils.set_random_seed(1)  # what other tests left may ask for it
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((STEPS, 1), np.float32)

    def train(on_cpu=True, interval=0):
        callbacks = [Forecast(on_cpu, interval)]
        model.fit(x, x, batch_size=1, epochs=EPOCHS, verbose=0, callbacks=callbacks)

    return train


def test_a_long_training_is_told_of_once_with_its_hours(train, monkeypatch, caplog):
    monkeypatch.setattr(forecast, "LONG", 0)
    train()
    # TensorFlow may warn as well, of what other tests let it trace.
    (record,) = (x for x in caplog.records if x.name == forecast.__name__)
    assert record.levelno == logging.WARNING
    assert f"no GPU in use: {EPOCHS} epochs of {STEPS} steps" in record.message


def test_hours_are_those_of_the_steps_left(train, monkeypatch, caplog):
    clock = iter(range(0, 10**6, 3600))
    monkeypatch.setattr(forecast.time, "monotonic", lambda: next(clock))
    train()
    # An hour a step, told after the second of 24.
    assert f"about {EPOCHS * STEPS - 2}.0 hours" in caplog.text


def test_the_time_is_taken_within_an_epoch(train, monkeypatch, caplog):
    # A second a step, and ten minutes of validation after each epoch: nothing is told of epochs of
    # eight seconds, least of all that the rest takes hours.
    caplog.set_level(PROGRESS)
    clock = (600 * (step // STEPS) + step for step in range(10**6))
    monkeypatch.setattr(forecast.time, "monotonic", lambda: next(clock))
    train(interval=10)
    assert not [x for x in caplog.records if x.name == forecast.__name__]


@pytest.mark.parametrize("on_cpu", [True, False])
def test_how_long_it_takes_is_told_without_a_warning(train, monkeypatch, caplog, on_cpu):
    caplog.set_level(PROGRESS)
    if not on_cpu:  # where a long one is no surprise
        monkeypatch.setattr(forecast, "LONG", 0)
    clock = iter(range(0, 10**6, 60))
    monkeypatch.setattr(forecast.time, "monotonic", lambda: next(clock))
    train(on_cpu)
    (record,) = (x for x in caplog.records if x.name == forecast.__name__)
    assert record.levelno == PROGRESS
    assert f"{EPOCHS} epochs of {STEPS} steps will take about 0:22:00" in record.message


class Batches:
    """Batches that take ten seconds each, on a clock of their own."""

    batch_size = 16
    clock = 0

    def __len__(self):
        return 100

    def __getitem__(self, index):
        self.clock += 10


@pytest.mark.parametrize(
    ("busy", "step", "waits"),
    [
        (0.3, 15, "for 30% of the time, and waited for windows: give the job more memory"),
        (0.3, 25, "waited for the processor to start its next step: more windows at once"),
        (0.5, 15, None),
        (None, 15, None),
    ],
)
def test_a_gpu_that_is_less_than_half_used_is_said_to_be(monkeypatch, caplog, busy, step, waits):
    batches = Batches()
    monkeypatch.setattr(forecast.time, "monotonic", lambda: batches.clock)
    warn_if_idle(busy, batches, step)
    assert (waits is None) == (not caplog.text)
    assert waits is None or waits in caplog.text
