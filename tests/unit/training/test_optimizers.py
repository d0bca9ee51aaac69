"""Optimizers: the fused Adam is Keras' own."""

import keras
import numpy as np
import pytest
from leopard.training.optimizers import FusedAdam

pytestmark = pytest.mark.usefixtures("device")

SHAPES = (7, 5, 3), (3,)


def run(adam, steps):
    """Where so many steps lead, in a graph, as in training: weights, then the optimizer's state."""
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(1)

    def draw():
        return [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]

    variables = [keras.Variable(x) for x in draw()]
    adam.build(variables)
    step = tf.function(lambda *gradients: adam.apply(gradients, variables))
    for _ in range(steps):
        step(*map(tf.constant, draw()))
    return [x.numpy() for x in (*variables, *adam.variables)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"weight_decay": 0.01},
        {"gradient_accumulation_steps": 3},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)},
    ],
)
def test_equals_the_adam_of_keras(settings):
    settings = {"learning_rate": 0.1} | settings
    expected, found = (
        run(adam(**settings), steps=12) for adam in (keras.optimizers.Adam, FusedAdam)
    )
    # 1 - beta_2 is not the same in both: 0.001 rounded, or one minus 0.999 rounded.
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5)
    start = run(FusedAdam(**settings), steps=0)
    for first, last in list(zip(start, found, strict=True))[: len(SHAPES)]:
        assert np.abs(last - first).min() > 1e-3
