"""The Leopard U-Net (Li & Guan, Genome Research 2021)."""

from typing import Any

import keras
from keras import layers

from leopard.models.normalization import BatchNormalization

ENCODER_FILTERS = (15, 22, 33, 49, 73)
BOTTOM_FILTERS = 109
DECODER_FILTERS = (72, 48, 32, 21, 14)
KERNEL_SIZE = 7


def build(
    channels: int, output_bias: float = 0.0, batch_norm_momentum: float = 0.99
) -> keras.Model:
    """Build the network: five pooled blocks down, one at the bottom, five back up.

    61 layers and 475,969 parameters (474,017 trainable) for five channels. The input is
    [batch, length, channels] with a length that is a multiple of 32; the output is the
    probability of binding at every base, [batch, length, 1].
    """

    def convolve(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv1D(filters, KERNEL_SIZE, padding="same", activation="relu")(x)
            x = BatchNormalization(momentum=batch_norm_momentum)(x)
        return x

    inputs = keras.Input((None, channels))
    x, skips = inputs, []
    for filters in ENCODER_FILTERS:
        skips.append(convolve(x, filters))
        x = layers.MaxPooling1D(2)(skips[-1])
    x = convolve(x, BOTTOM_FILTERS)
    for filters in DECODER_FILTERS:
        x = layers.Conv1DTranspose(filters, 2, strides=2, padding="same")(x)
        x = convolve(layers.Concatenate()([x, skips.pop()]), filters)
    # float32 whatever the compute precision: probabilities of rare events need the exponent.
    outputs = layers.Conv1D(
        1,
        1,
        activation="sigmoid",
        bias_initializer=keras.initializers.Constant(output_bias),
        dtype="float32",
    )(x)
    return keras.Model(inputs, outputs, name="unet_core")
