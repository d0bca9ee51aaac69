"""FactorNet in small: convolution, bidirectional LSTM, one score a window (Quang & Xie 2019).

Methods 166:40-47. Layers, their sizes and the window are those of the published single-task model;
left out are its other inputs (mappability, gene expression, annotation) and the dropout inside the
LSTM's recurrence, which GPUs have no fast kernel for.
"""

import keras
from keras import layers, ops

from leopard.models.encoding import InputEncoding
from leopard.study.tracks import ACCESSIBILITY

LENGTH = 1000
MOTIFS, MOTIF_WIDTH, POOL = 32, 26, 13
RECURRENT, DENSE = 32, 128

OPPOSITE = (3, 2, 1, 0, 4)
"""Channels of the opposite strand: T G C A and accessibility."""


def build_factornet() -> keras.Model:
    """Build the model: codes (uint8 [batch, 1000]) and signal (float32) to a score [batch, 1].

    The same network reads both strands, and the score is the mean of the two.
    """
    strand = keras.Sequential(
        [
            keras.Input((LENGTH, len(OPPOSITE))),
            layers.Conv1D(MOTIFS, MOTIF_WIDTH, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(MOTIFS, activation="relu"),
            layers.MaxPooling1D(POOL),
            layers.Bidirectional(layers.LSTM(RECURRENT, dropout=0.1, return_sequences=True)),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(DENSE, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid", dtype="float32"),
        ],
        name="strand",
    )
    codes = keras.Input((LENGTH,), dtype="uint8", name="codes")
    signal = keras.Input((LENGTH,), dtype="float32", name="signal")
    track = {"name": ACCESSIBILITY, "transform": "log1p"}
    forward = InputEncoding("ACGT", [track])([codes, signal])
    reverse = ops.take(ops.flip(forward, axis=1), ops.array(OPPOSITE), axis=2)
    score = layers.Average()([strand(forward), strand(reverse)])
    return keras.Model([codes, signal], score, name="factornet")
