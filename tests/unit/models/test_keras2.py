"""Weights in the files that Keras 2 wrote, and what is told of files that hold others."""

import h5py
import numpy as np
import pytest
from leopard.errors import InputError

pytestmark = pytest.mark.usefixtures("device")

TRACKS = [
    {"name": "accessibility", "transform": "raw"},
    {"name": "delta", "transform": "raw", "difference": "accessibility"},
]
ENCODING = {"base_order": "ACGT", "tracks": TRACKS}
BATCH_NORM = ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"]


def write_layer(group, layer, names, arrays):
    """A layer as Keras 2 has it: a group, the names of its weights, and each below its own name."""
    group.create_group(layer).attrs["weight_names"] = [f"{layer}/{x}".encode() for x in names]
    for name, array in zip(names, arrays, strict=True):
        group[layer][f"{layer}/{name}"] = array


def write_keras2(group, core):
    """A network's weights, with the layers that have none between them.

    The transposed convolution stands between two layers that add and drop an axis.
    """
    order = []
    for number, layer in enumerate(core.layers):
        kind = type(layer).__name__
        arrays = [weight.numpy() for weight in layer.weights]
        names = (
            BATCH_NORM if kind == "BatchNormalization" else ["kernel:0", "bias:0"][: len(arrays)]
        )
        around = []
        if kind == "Conv1DTranspose":
            arrays[0] = arrays[0][:, None]
            around = [f"lambda_{number}_{side}" for side in "ab"]
        name = f"{kind.lower()}_{number}"
        for each, named, held in (
            *((x, [], []) for x in around[:1]),
            (name, names, arrays),
            *((x, [], []) for x in around[1:]),
        ):
            write_layer(group, each, named, held)
            order.append(each.encode())
    group.attrs["layer_names"] = order
    group.attrs["keras_version"] = b"2.2.5"
    group.attrs["backend"] = b"tensorflow"


@pytest.fixture(scope="module")
def published(device, tmp_path_factory):
    """A network with Δ whose weights are all in use, and them in both kinds of file."""
    import keras
    from conftest import randomise
    from leopard import models

    model = randomise(models.build("unet", prior=0.5, **ENCODING), 3)
    core = next(x for x in model.layers if isinstance(x, keras.Model))
    directory = tmp_path_factory.mktemp("published")
    with h5py.File(directory / "weights.h5", "w") as file:
        write_keras2(file, core)
    with h5py.File(directory / "model.h5", "w") as file:
        write_keras2(file.create_group("model_weights"), core)
        file.create_group("optimizer_weights").attrs["weight_names"] = []
        file.attrs["model_config"] = b"{}"
    return model, directory


@pytest.mark.parametrize("kind", ["weights", "model"])
def test_imported_weights_give_the_same_predictions(published, tmp_path, kind):
    from leopard import models
    from leopard.models.keras2 import load_weights

    model, directory = published
    imported = models.build("unet", prior=0.5, **ENCODING)
    load_weights(imported, directory / f"{kind}.h5")
    assert imported.count_params() == 475_969 + 7 * 15  # one more channel into 15 filters
    imported.save(tmp_path / "model.keras")
    rng = np.random.default_rng(1)
    batch = [
        rng.integers(0, 5, (2, 320)).astype(np.uint8),
        rng.gamma(0.5, 4, (2, 320, 2)).astype(np.float32),
    ]
    expected = model.predict_on_batch(batch)
    assert expected.std() > 0.01
    loaded = models.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(batch), expected)


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        ({"architecture": "unet"}, r"conv1d_1 has weights of shape \(7, 6, 15\).*not \(7, 5, 15\)"),
        ({"architecture": "cnn"}, "50 layers with weights where cnn has 4"),
    ],
)
def test_weights_of_another_network_are_refused(published, build, problem):
    from leopard import models
    from leopard.models.keras2 import load_weights

    with pytest.raises(InputError, match=problem):
        load_weights(models.build(prior=0.5, **build), published[1] / "weights.h5")


@pytest.mark.parametrize("content", [None, b"", b"text", "empty"])
def test_other_files_are_refused(tmp_path, content):
    from leopard.models.keras2 import read_layers

    path = tmp_path / "weights.h5"
    if content == "empty":
        h5py.File(path, "w").close()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.h5: no weights as Keras 2 saves them"):
        read_layers(path)
