"""How a network is trained, and the model that a recipe builds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from leopard import devices, models
from leopard.study.tracks import Track, list_arrays
from leopard.training.fit_metrics import training_metrics
from leopard.training.losses import build_loss
from leopard.training.optimizers import OPTIMIZERS

DECAY = 1e-5
"""A step, of the schedule "inverse_time": Adam's decay in Leopard (Keras 2)."""


@dataclass(frozen=True)
class Recipe:
    """How to train; every field is a key of the config's `training` section.

    Attributes:
        architecture: A name in `leopard.models.BUILDERS`.
        xla: Compile the training step with XLA. On TensorFlow only; JAX always does.
        precision: float32, mixed_bfloat16 or mixed_float16 (with loss scaling); probabilities are
            float32 in any case.
        prior_bias: Start the output bias at the log-odds of the positive rate, not at zero.
        base_order: Order of the one-hot channels.
        tracks: What the network sees beside the sequence: fields of
            `leopard.study.tracks.Track`.
        batch_norm_momentum: Share of the running statistics that one step keeps. It must let
            them settle within the first epoch's steps, or validation is useless until they do.
        loss: A name in `leopard.training.losses.LOSSES`.
        dice_weight: Of the overlap that is added to it, as in
            `leopard.training.losses.BindingLoss`.
        optimizer: A name in `leopard.training.optimizers.OPTIMIZERS`.
        weight_decay: Decoupled, as in AdamW; None for none.
        learning_rate: Its peak.
        schedule: "cosine" decays from the peak to zero at the last epoch; "constant" stays;
            "inverse_time" divides it by 1 + `DECAY` x steps.
        warmup: Share of all steps in which the rate rises linearly from zero to the peak.
        batch_size: Windows a step.
        epochs: At most.
        patience: Epochs without a better validation PR-AUC before training stops.
        reverse_complement: Show each window on a random strand.
        signal_magnitude: Range of a random factor on each signal of a window.
        seed: Of initial weights, order and augmentation.
    """

    architecture: str
    xla: bool
    precision: str
    prior_bias: bool
    base_order: str
    tracks: Sequence[Mapping[str, Any]]
    batch_norm_momentum: float
    loss: str
    dice_weight: float
    optimizer: str
    weight_decay: float | None
    learning_rate: float
    schedule: str
    warmup: float
    batch_size: int
    epochs: int
    patience: int
    reverse_complement: bool
    signal_magnitude: tuple[float, float]
    seed: int

    @property
    def arrays(self) -> list[str]:
        """Names of the signals that the network is given."""
        return list_arrays(Track(**track) for track in self.tracks)

    @property
    def ranked(self) -> list[str]:
        """Those tracks of the sample sheet whose quantiles the network is to know."""
        tracks = (Track(**track) for track in self.tracks)
        return list(dict.fromkeys(x.source for x in tracks if x.transform == "quantile"))


def build(
    recipe: Recipe,
    positive_rate: float,
    windows: int,
    parts: int = 1,
    quantiles: Mapping[str, Sequence[float]] | None = None,
) -> keras.Model:
    """Build the model of a recipe and compile it for training.

    Args:
        recipe: What to build.
        positive_rate: Fraction of bases that are bound.
        windows: Training windows an epoch.
        parts: Pieces that each batch is computed in, their gradients accumulated.
        quantiles: By name of a signal, for the transform of that name.
    """
    keras.utils.set_random_seed(recipe.seed)  # here, so that building it again gives the same
    keras.config.set_dtype_policy(recipe.precision)
    with devices.scope() as replicated:
        model = models.build(
            recipe.architecture,
            prior=positive_rate if recipe.prior_bias else 0.5,
            base_order=recipe.base_order,
            tracks=recipe.tracks,
            quantiles=quantiles,
            batch_norm_momentum=recipe.batch_norm_momentum,
        )
        models.synchronize(model, replicated is not None)
        model.compile(
            optimizer=_optimizer(recipe, -(-windows // (recipe.batch_size // parts)), parts),
            loss=build_loss(recipe.loss, recipe.dice_weight),
            weighted_metrics=training_metrics(),
            jit_compile=recipe.xla or "auto",
        )
        # Or the first step would, and TensorFlow trace all of it twice. Checkpoints need it, too:
        # without its variables the optimizer's state would be skipped, with but a warning.
        model.optimizer.build(model.trainable_variables)
    return model


def _optimizer(recipe: Recipe, steps: int, parts: int = 1) -> keras.optimizers.Optimizer:
    """The optimizer of a recipe, for so many steps an epoch, each a part of a batch."""
    rate: Any = recipe.learning_rate
    warmup = round(recipe.warmup * recipe.epochs * steps)
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else rate,
            decay_steps=max(recipe.epochs * steps - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if recipe.schedule == "inverse_time":
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=parts, decay_rate=DECAY
        )
    config: dict[str, Any] = {"learning_rate": rate, "weight_decay": recipe.weight_decay}
    if parts > 1:
        config["gradient_accumulation_steps"] = parts
    return OPTIMIZERS[recipe.optimizer](**config)
