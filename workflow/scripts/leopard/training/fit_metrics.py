"""The competition's metrics, for Keras to follow during training."""

from typing import Any

import keras
from keras import ops

from leopard.metrics import PR_AUC_THRESHOLDS, SMOOTH


@keras.saving.register_keras_serializable(package="leopard")
class DiceCoefficient(keras.metrics.Mean):
    """Soft Dice, (2 sum(y p) + 1) / (sum(y) + sum(p) + 1) over a batch, averaged over batches."""

    def __init__(self, name: str = "dice_coef", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch; bases of weight 0 do not count."""
        y_pred = ops.cast(y_pred, "float32")
        y_true = ops.reshape(ops.cast(y_true, "float32"), ops.shape(y_pred))
        weight = ops.ones_like(y_pred) if sample_weight is None else sample_weight
        weight = ops.reshape(ops.cast(weight, "float32"), ops.shape(y_pred))
        overlap, sizes = ops.sum(weight * y_true * y_pred), ops.sum(weight * (y_true + y_pred))
        super().update_state((2 * overlap + SMOOTH) / (sizes + SMOOTH))


def training_metrics() -> list[keras.metrics.Metric]:
    """Metrics of `fit`: `cross_entropy`, `pr_auc`, `dice_coef`, `binary_io_u`.

    The first is the `loss` of tables; Keras calls by that name whatever is minimised.
    """
    return [
        keras.metrics.BinaryCrossentropy(name="cross_entropy"),
        keras.metrics.AUC(num_thresholds=PR_AUC_THRESHOLDS, curve="PR", name="pr_auc"),
        DiceCoefficient(),
        # By default it counts in integers, which weights are not.
        keras.metrics.BinaryIoU([1], threshold=0.5, name="binary_io_u", dtype="float32"),
    ]
