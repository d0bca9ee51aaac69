"""The one place that knows which backend computes: threads, memory, determinism, what is there.

Call `set_up` before anything that imports Keras, which reads its backend once.
"""

import ctypes
import logging
import os
import platform
import resource
import shutil
import subprocess
import time
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from leopard import gpus
from leopard.errors import InputError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# By default TensorFlow leaves oneDNN to processors made for it; others gain as much, or more.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Like TensorFlow below, JAX is to take a GPU's memory as it needs it, and to repeat itself exactly.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_deterministic_ops=true")


log = logging.getLogger(__name__)

READ_AHEAD = 8
"""Batches."""

KEEP = {-1: 2**31 - 1, -2: 1 << 26, -3: 1 << 25}
"""Options of glibc's `mallopt`: M_TRIM_THRESHOLD and M_TOP_PAD, and M_MMAP_THRESHOLD at most."""


def set_up(
    threads: int,
    backend: str | None = None,
    n_devices: int = 1,
    xla: bool = False,
    gpu: str = "optional",
) -> dict[str, Any]:
    """Prepare the devices of this process and say what they are.

    Args:
        threads: CPU threads that one operation may use; JAX on a CPU takes all it is given.
        backend: tensorflow or jax; None for the one that Keras is set to.
        n_devices: GPUs to use; 0 computes on the CPU. Without a GPU the CPU is cut into so many
            virtual devices, which makes nothing faster and lets everything be tried.
        xla: Whether XLA will compile the work: Keras would not let it under TensorFlow's own
            deterministic operations. XLA repeats itself exactly by the flag above.
        gpu: "optional" computes on the CPU where there is no GPU, or none that works; "required"
            does not.

    Returns:
        device, n_devices, backend and the version of keras.

    Raises:
        InputError: Fewer GPUs than required can be used.
    """
    gpus.claim(n_devices)
    _keep_memory()
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    import keras

    name = keras.backend.backend()
    if name == "jax":
        found = _set_up_jax(n_devices)
    else:
        found = _set_up_tensorflow(threads, n_devices, deterministic=not xla)
    if gpu == "required" and len(found) < n_devices:
        problem = f"{name} can use {len(found)} GPUs of the {n_devices} that the job needs"
        raise InputError("gpu: required", problem, "see nvidia-smi there, or allow gpu: optional")
    if not found and (broken := gpus.present()):
        log.warning("%s cannot use GPU %s: computing on the CPU", name, ", ".join(broken))
    return {
        "device": found[0] if found else f"CPU, {threads} threads ({_cpu('model name')})",
        "n_devices": len(found) or max(n_devices, 1),
        "backend": f"{name} {version(name)}",
        "keras": keras.__version__,
    }


def _keep_memory() -> None:
    """Keep memory that is freed for what needs it next, as every batch and layer does.

    Given back, it comes anew from the system, which clears it page by page.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for option, value in KEEP.items():
            mallopt(option, value)


def _set_up_tensorflow(threads: int, n_devices: int, deterministic: bool) -> list[str]:
    """Prepare TensorFlow and return the names of the GPUs it will use."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    if deterministic:
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


def gains_by_bfloat16() -> bool:
    """Whether networks are decoded faster in bfloat16 here than in float32.

    So it is on GPUs from compute capability 8 (A100) on, and by TensorFlow on a processor with
    AMX; JAX on that one was no faster.
    """
    import keras

    if keras.backend.backend() == "jax":
        return has_gpu() and all(float(gpu.compute_capability) >= 8 for gpu in _gpus())
    import tensorflow as tf

    if gpus := tf.config.get_visible_devices("GPU"):
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return all(x.get("compute_capability", (0,)) >= (8,) for x in details)
    return "amx_bf16" in _cpu("flags")


def _set_up_jax(n_devices: int) -> list[str]:
    """Prepare JAX and return the names of the GPUs it will use."""
    os.environ["XLA_FLAGS"] += f" --xla_force_host_platform_device_count={max(n_devices, 1)}"
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
    names = _tensorflow_devices()
    if len(names) < 2:
        return nullcontext()
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(names).scope()


def read_ahead(batches: Any) -> Any:
    """What `fit` is to be given for a `keras.utils.PyDataset`: its batches, in order, read ahead.

    On JAX Keras does that itself. On TensorFlow its readers would stop after every epoch, which
    takes them 0.1 s; and with tf.data's autotuner, which Keras leaves on for fewer than two of
    them, the end of `fit` waits up to a minute for it, idle.
    """
    import keras

    if keras.backend.backend() == "jax":
        return batches
    import tensorflow as tf

    example = batches[0]
    arrays = keras.tree.flatten(example)

    def read(i: np.ndarray) -> list[np.ndarray]:
        return keras.tree.flatten(batches[int(i)])

    def batch(i: Any) -> Any:
        tensors = tf.numpy_function(read, [i], [array.dtype for array in arrays])
        for tensor, array in zip(tensors, arrays, strict=True):
            tensor.set_shape((None, *array.shape[1:]))
        return keras.tree.pack_sequence_as(example, tensors)

    options = tf.data.Options()
    options.autotune.enabled = False
    n = batches.num_batches
    numbers = tf.data.Dataset.counter() if n is None else tf.data.Dataset.range(n)
    return numbers.map(batch).prefetch(READ_AHEAD).with_options(options)


def _tensorflow_devices() -> list[str]:
    import keras

    if keras.backend.backend() == "jax":
        return []
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices]


def _gpus() -> list[Any]:
    """The backend's own handles of the GPUs it computes on."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return [device for device in jax.local_devices() if device.platform == "gpu"]
    import tensorflow as tf

    return tf.config.list_logical_devices("GPU")


def has_gpu() -> bool:
    """Whether the backend computes on a GPU."""
    return bool(_gpus())


def is_out_of_memory(error: Exception) -> bool:
    """Whether a backend gave up for want of memory, the device's or the host's."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    return "RESOURCE_EXHAUSTED" in str(error)  # JAX, and TensorFlow's XLA


def peak_memory() -> dict[str, int | None]:
    """Largest memory so far in MiB: `peak_memory_mib` of the process, `peak_gpu_memory_mib`.

    The latter is of the fullest GPU, and None without one.
    """
    peaks = [_peak_bytes(gpu) for gpu in _gpus()]
    return {
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_gpu_memory_mib": max(peaks) // 2**20 if peaks else None,
    }


def _peak_bytes(gpu: Any) -> int:
    if hasattr(gpu, "memory_stats"):  # JAX
        return gpu.memory_stats()["peak_bytes_in_use"]
    import tensorflow as tf

    return tf.config.experimental.get_memory_info(gpu.name.removeprefix("/device:"))["peak"]


class Utilisation:
    """Context in which the use of the devices is measured.

    Attributes:
        mean: Of the first GPU, the share of time in which it computed, as nvidia-smi samples it
            every second; without a GPU, the share of the time of this process' cores that it
            used. None before the measurement.
    """

    def __init__(self) -> None:
        self.mean: float | None = None
        self._sampler: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Utilisation":
        self._wall, self._cpu = time.monotonic(), time.process_time()
        if _gpus() and shutil.which("nvidia-smi"):
            first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
            query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
            self._sampler = subprocess.Popen(
                ["nvidia-smi", "--loop=1", f"--id={first}", *query],
                stdout=subprocess.PIPE,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._sampler:
            self._sampler.terminate()
            samples = [int(x) for x in self._sampler.communicate()[0].split() if x.isdecimal()]
            self.mean = round(sum(samples) / len(samples) / 100, 3) if samples else None
        else:
            cores = (time.monotonic() - self._wall) * len(os.sched_getaffinity(0))
            self.mean = round((time.process_time() - self._cpu) / cores, 3)


def _cpu(key: str) -> str:
    """What Linux says of the processor, such as its `flags`; else what Python does."""
    try:
        with Path("/proc/cpuinfo").open() as lines:
            return next(x.split(":")[1].strip() for x in lines if x.startswith(key))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
