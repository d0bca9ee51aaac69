"""The plain convolutional network that the 2022 APAC HPC-AI competition set as its baseline."""

import keras
from keras import layers

FILTERS_AND_KERNELS = ((32, 17), (64, 11), (128, 5))


def build(
    channels: int, output_bias: float = 0.0, batch_norm_momentum: float = 0.99
) -> keras.Model:
    """Build the network: three convolutions and a dense sigmoid at every base.

    Input [batch, length, channels], output [batch, length, 1]. It has no batch normalisation;
    the argument is there so that every builder is called alike.
    """
    del batch_norm_momentum
    inputs = keras.Input((None, channels))
    x = inputs
    for filters, kernel_size in FILTERS_AND_KERNELS:
        x = layers.Conv1D(filters, kernel_size, padding="same", activation="relu")(x)
    # float32 whatever the compute precision: probabilities of rare events need the exponent.
    outputs = layers.Dense(
        1,
        activation="sigmoid",
        bias_initializer=keras.initializers.Constant(output_bias),
        dtype="float32",
    )(x)
    return keras.Model(inputs, outputs, name="cnn_core")
