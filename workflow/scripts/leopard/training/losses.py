"""Losses by name, each a mean over the bases that count, with overlap added where asked for."""

from typing import Any

import keras
from keras import ops

from leopard.metrics import SMOOTH

LOSSES: dict[str, type[keras.losses.Loss]] = {
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
}


class BindingLoss(keras.losses.Loss):
    """Mean of a loss over the bases that count, plus `dice_weight` times the lack of overlap.

    Cross-entropy is satisfied with low probabilities where binding is rare; overlap is not. It is
    one minus the soft Dice of each window, averaged over windows: by window, not by batch as the
    metric is, so that devices can share a batch.

    Args:
        base: A mean with sample weights.
        dice_weight: Of the overlap.
    """

    def __init__(self, base: keras.losses.Loss, dice_weight: float) -> None:
        super().__init__(name="binding_loss")
        self.base = base
        self.dice_weight = dice_weight

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        """Loss of labels and probabilities, [batch, length, 1]; bases of weight 0 do not count.

        How large other weights are is for metrics: it undoes the enrichment by which the loss
        shall profit.
        """
        weight = ops.reshape(sample_weight, ops.shape(y_pred))
        counted = ops.cast(weight > 0, y_pred.dtype)
        loss = self.base(y_true, y_pred, counted)
        if not self.dice_weight:
            return loss
        bound, called = ops.cast(y_true, y_pred.dtype) * counted, y_pred * counted
        axes = (1, 2)
        both = ops.sum(bound * called, axes)
        dice = (2 * both + SMOOTH) / (ops.sum(bound, axes) + ops.sum(called, axes) + SMOOTH)
        return loss + self.dice_weight * (1 - ops.mean(dice))


def build_loss(name: str, dice_weight: float) -> keras.losses.Loss:
    """The loss of a name in `LOSSES`, with so much of the overlap added."""
    return BindingLoss(LOSSES[name](reduction="mean_with_sample_weight"), dice_weight)
