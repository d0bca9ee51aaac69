"""Networks of unknown origin: what is in the file is looked at before Keras is given it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import h5py
import keras
from keras.src.backend.common import global_state

from leopard.errors import InputError
from leopard.models import load
from leopard.models.reach import RULES

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
FILES = {"metadata.json": 1 << 20, CONFIG: 1 << 26, WEIGHTS: 1 << 30}
"""What a network's file consists of, and the most bytes of each."""

PARAMETERS = 100_000_000
"""The most that a network may have; Leopard's has half a million."""

LAYERS = {kind.__name__ for kind in RULES} | {"Functional", "Sequential", "InputLayer"}
PARTS = {"DTypePolicy", "__keras_tensor__", "__tuple__"}
INITIALIZERS = {
    *("Zeros", "Ones", "Constant", "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal"),
    *("LecunUniform", "LecunNormal", "RandomUniform", "RandomNormal", "TruncatedNormal"),
    *("VarianceScaling", "Orthogonal", "L1", "L2", "L1L2"),
}
KNOWN = LAYERS | PARTS | INITIALIZERS
"""Classes that a network may be made of: layers by which decoding is exact, and their parts."""

PACKAGES = {"keras", "leopard", "builtins"}
REMEDY = "use it only if you know who made it, and then train it again from their recipe"


def load_untrusted(path: Path, origin: object = None) -> keras.Model:
    """Load a network that may have been made to do harm.

    Its classes must be of those that a genome can be decoded with, from Keras or this package; its
    weights must be in the file itself; and it is built without memory first, to see how large it
    would be.

    Args:
        path: The file.
        origin: What messages name, if not the file.

    Raises:
        InputError: Any of that does not hold, or the file is no network.
    """
    origin = origin or path
    try:
        with ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if set(sizes) != set(FILES) or len(archive.infolist()) != len(FILES):
                raise InputError(origin, "not a network: other files than a network's", REMEDY)
            if any(sizes[name] > most for name, most in FILES.items()):
                raise InputError(origin, "larger than any network of this package", REMEDY)
            config = json.loads(archive.read(CONFIG))
            _check_weights(origin, archive.read(WEIGHTS))
        for found in _classes(config):
            _check_class(origin, found)
        parameters = _count_parameters(config)
    except InputError:
        raise
    except RecursionError as error:
        raise InputError(origin, "nested without end", REMEDY) from error
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(origin, "not a readable network", REMEDY) from error
    except Exception as error:  # whatever Keras makes of a config that is wrong
        problem = f"not a network that can be built ({str(error)[:200]})"
        raise InputError(origin, problem, REMEDY) from error
    if parameters > PARAMETERS:
        raise InputError(origin, f"a network of {parameters:,} parameters", REMEDY)
    return load(path)


def _count_parameters(config: Any) -> int:
    """Of the network that a config describes, built without the memory for any."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            built = keras.saving.deserialize_keras_object(config, safe_mode=True)
            return built.count_params()
    finally:
        # Keras 3.12 to 3.15 gives them their memory at the end of the next such scope.
        global_state.set_global_attribute("uninitialized_variables", [])


def _classes(config: Any) -> Iterator[dict[str, Any]]:
    """Everything in a config that Keras would make an object of."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        for value in config.values():
            yield from _classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _classes(value)


def _check_class(origin: object, found: dict[str, Any]) -> None:
    """Raise InputError unless a class is one of the known, by its own name or as registered."""
    name, module, registered = (
        found.get(key) for key in ("class_name", "module", "registered_name")
    )
    inside = module is None or (isinstance(module, str) and module.split(".")[0] in PACKAGES)
    own = registered in (None, name, f"leopard>{name}")
    if not (isinstance(name, str) and name in KNOWN and inside and own):
        raise InputError(origin, f"it holds a {str(name)[:60]!r}, which is not known here", REMEDY)


def _check_weights(origin: object, content: bytes) -> None:
    """Raise InputError unless weights are in the file, and take as much memory as it says."""
    total = 0

    def find_fault(name: str, link: Any) -> str | None:
        nonlocal total
        if not isinstance(link, h5py.HardLink):
            return f"weights that point elsewhere ({name[:100]})"
        item = file[name]
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                return f"weights kept elsewhere ({name[:100]})"
            total += item.size * item.dtype.itemsize
        return None

    with h5py.File(io.BytesIO(content)) as file:
        problem = file.visititems_links(find_fault)  # the first that is not None
    if problem is None and total > len(content):
        problem = "weights that are larger than their file"
    if problem:
        raise InputError(origin, problem, REMEDY)
