"""The one place that talks to TensorFlow itself: threads, memory, determinism, what is there."""

import os
import platform
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf


def set_up(threads: int, seed: int = 0) -> dict[str, Any]:
    """Prepare the devices of this process and say what they are.

    Args:
        threads: CPU threads that one operation may use.
        seed: Seeds Python, NumPy and Keras; operations are made deterministic as well.

    Returns:
        device, n_devices and the versions of keras and tensorflow.
    """
    keras.utils.set_random_seed(seed)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    else:
        device = f"CPU, {threads} threads ({_cpu_name()})"
    return {
        "device": device,
        "n_devices": max(len(gpus), 1),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def _cpu_name() -> str:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
