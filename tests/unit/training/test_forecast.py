"""Who trains on a CPU what was meant for a GPU hears of it once."""

import logging

import keras
import numpy as np
import pytest
from leopard.training import forecast
from leopard.training.forecast import Forecast

EPOCHS, STEPS = 3, 8


@pytest.fixture
def train():
    """Train something small with a forecast from its second step on."""
    keras.utils.set_random_seed(1)  # what other tests left may ask for it
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((STEPS, 1), np.float32)

    def train():
        callbacks = [Forecast(interval=0)]
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


def test_a_short_training_is_no_matter(train, caplog):
    train()
    assert not [x for x in caplog.records if x.name == forecast.__name__]
