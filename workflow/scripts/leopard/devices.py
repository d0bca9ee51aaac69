"""The one place that knows which backend computes: threads, memory, determinism, what is there.

Call `set_up` before anything that imports Keras, which reads its backend once.
"""

import os
import platform
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Like TensorFlow below, JAX is to take a GPU's memory as it needs it, and to repeat itself exactly.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_deterministic_ops=true")


def set_up(
    threads: int, seed: int = 0, backend: str | None = None, n_devices: int = 1
) -> dict[str, Any]:
    """Prepare the devices of this process and say what they are.

    Args:
        threads: CPU threads that one operation may use; JAX on a CPU takes all it is given.
        seed: Seeds Python, NumPy and Keras; operations are made deterministic as well.
        backend: tensorflow or jax; None for the one that Keras is set to.
        n_devices: GPUs to use. Without a GPU the CPU is cut into so many virtual devices, which
            makes nothing faster and lets everything be tried.

    Returns:
        device, n_devices, backend and the version of keras.
    """
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    import keras

    keras.utils.set_random_seed(seed)
    name = keras.backend.backend()
    gpus = (_set_up_jax if name == "jax" else _set_up_tensorflow)(threads, n_devices)
    return {
        "device": gpus[0] if gpus else f"CPU, {threads} threads ({_cpu_name()})",
        "n_devices": len(gpus) or n_devices,
        "backend": f"{name} {version(name)}",
        "keras": keras.__version__,
    }


def _set_up_tensorflow(threads: int, n_devices: int) -> list[str]:
    """Prepare TensorFlow and return the names of the GPUs it will use."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")[:n_devices]
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.set_visible_devices(gpus, "GPU")
    if not gpus and n_devices > 1:
        parts = [tf.config.LogicalDeviceConfiguration()] * n_devices
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return [detail.get("device_name", "GPU") for detail in details]


def _set_up_jax(threads: int, n_devices: int) -> list[str]:
    """Prepare JAX and return the names of the GPUs it will use."""
    os.environ["XLA_FLAGS"] += f" --xla_force_host_platform_device_count={n_devices}"
    import jax
    import keras

    devices = jax.devices()[:n_devices]
    if len(devices) > 1:
        names = [f"{device.platform}:{device.id}" for device in devices]
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=names))
    return [device.device_kind for device in devices if device.platform == "gpu"]


def scope() -> AbstractContextManager:
    """Where a model is built and compiled, so that it trains on all devices of the process.

    Each step's batch is shared out among them. JAX needs no scope: `set_up` did it all.
    """
    import keras

    if keras.backend.backend() == "jax":
        return nullcontext()
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in devices]
    return tf.distribute.MirroredStrategy(names).scope() if len(names) > 1 else nullcontext()


def _cpu_name() -> str:
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
