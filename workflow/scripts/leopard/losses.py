"""Losses by name, each a mean over the bases that count, with overlap added where asked for."""

from typing import Any

import keras
from keras import ops

from leopard.metrics import SMOOTH

LOSSES: dict[str, type[keras.losses.Loss]] = {
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
}


class WithDice(keras.losses.Loss):
    """A loss plus `weight` times one minus the soft Dice of each window, averaged over windows.

    Cross-entropy is satisfied with low probabilities where binding is rare; overlap is not. It is
    taken by window, not by batch as the metric is, so that devices can share a batch.

    Args:
        base: The other term.
        weight: Of the overlap.
    """

    def __init__(self, base: keras.losses.Loss, weight: float) -> None:
        super().__init__(name="with_dice")
        self.base = base
        self.weight = weight

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        """Loss of labels and probabilities, [batch, length, 1]; bases of weight 0 do not count."""
        counted = ops.cast(ops.reshape(sample_weight, ops.shape(y_pred)), y_pred.dtype)
        bound, called = ops.cast(y_true, y_pred.dtype) * counted, y_pred * counted
        axes = (1, 2)
        both = ops.sum(bound * called, axes)
        dice = (2 * both + SMOOTH) / (ops.sum(bound, axes) + ops.sum(called, axes) + SMOOTH)
        overlap = self.weight * (1 - ops.mean(dice))
        return self.base(y_true, y_pred, sample_weight) + overlap


def build_loss(name: str, dice_weight: float) -> keras.losses.Loss:
    """The loss of a name in `LOSSES`, with overlap if its weight is not 0."""
    loss = LOSSES[name](reduction="mean_with_sample_weight")
    return WithDice(loss, dice_weight) if dice_weight else loss
