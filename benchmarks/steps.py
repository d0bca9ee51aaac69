"""What makes a training step faster: each way in a process of its own, in turns with the default.

Windows of noise in memory, the full-size U-Net; one epoch to compile and warm up, one to time.
"""

import argparse
import json
import subprocess
import sys
from functools import partial
from typing import Any

from contest import HEADER, contest, rate

DEFAULT = {"backend": "tensorflow", "xla": False, "precision": "float32", "batch_size": 16}
WAYS: dict[str, dict[str, Any]] = {
    "XLA": {"xla": True},
    "JAX": {"backend": "jax"},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "batch 64": {"batch_size": 64},
    "channels padded to multiples of 8": {"padded": True},
}


def measure(way: dict[str, Any], length: int, steps: int, threads: int) -> float:
    """Windows per second of `fit`, in this process."""
    from leopard import devices

    devices.set_up(threads, way["backend"], xla=way["xla"])

    import keras
    import numpy as np
    from leopard import models
    from leopard.models.architectures import unet
    from leopard.training.fit_metrics import training_metrics

    if way.get("padded"):
        unet.ENCODER_FILTERS, unet.BOTTOM_FILTERS = (16, 24, 40, 56, 80), 112
        unet.DECODER_FILTERS = (72, 48, 32, 24, 16)
    keras.config.set_dtype_policy(way["precision"])
    model = models.build("unet", prior=0.01)
    model.compile(
        "adam",
        "binary_crossentropy",
        weighted_metrics=training_metrics(),
        jit_compile=way["xla"] or "auto",
    )
    n = steps * way["batch_size"]
    rng = np.random.default_rng(0)
    codes, labels = (rng.integers(0, k, (n, length)).astype(np.uint8) for k in (4, 2))
    inputs = [codes, rng.random((n, length), np.float32)]

    def fit() -> None:
        model.fit(inputs, labels[..., None], batch_size=way["batch_size"], shuffle=False, verbose=0)

    fit()
    return rate(n, fit)


def measure_apart(way: dict[str, Any], arguments: argparse.Namespace) -> float:
    """The same in a process of its own."""
    numbers = [str(x) for x in (arguments.length, arguments.steps, arguments.threads)]
    done = subprocess.run(
        [sys.executable, __file__, "--measure", json.dumps(DEFAULT | way), *numbers],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main() -> None:
    """Run every way and print a table."""
    if sys.argv[1:2] == ["--measure"]:
        print(measure(json.loads(sys.argv[2]), *map(int, sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--length", type=int, default=2048, help="of a window (default 2048)")
    parser.add_argument("--steps", type=int, default=24, help="an epoch (default 24)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    arguments = parser.parse_args()
    print(HEADER)
    for name, way in WAYS.items():
        contest(
            f"{name}, windows/s",
            partial(measure_apart, way, arguments),
            partial(measure_apart, {}, arguments),
            arguments.rounds,
        )


if __name__ == "__main__":
    main()
