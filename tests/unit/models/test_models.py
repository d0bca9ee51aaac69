"""The networks row by row, what they carry with them, and how far they see."""

import json
import shutil
from collections import Counter
from zipfile import ZipFile

import numpy as np
import pytest
from conftest import SIZES
from leopard.errors import InputError

pytestmark = pytest.mark.usefixtures("device")

LENGTH = 10_240
# type, length, channels, parameters
UNET = """
InputLayer           10240   5      0
Conv1D               10240  15    540
BatchNormalization   10240  15     60
Conv1D               10240  15   1590
BatchNormalization   10240  15     60
MaxPooling1D          5120  15      0
Conv1D                5120  22   2332
BatchNormalization    5120  22     88
Conv1D                5120  22   3410
BatchNormalization    5120  22     88
MaxPooling1D          2560  22      0
Conv1D                2560  33   5115
BatchNormalization    2560  33    132
Conv1D                2560  33   7656
BatchNormalization    2560  33    132
MaxPooling1D          1280  33      0
Conv1D                1280  49  11368
BatchNormalization    1280  49    196
Conv1D                1280  49  16856
BatchNormalization    1280  49    196
MaxPooling1D           640  49      0
Conv1D                 640  73  25112
BatchNormalization     640  73    292
Conv1D                 640  73  37376
BatchNormalization     640  73    292
MaxPooling1D           320  73      0
Conv1D                 320 109  55808
BatchNormalization     320 109    436
Conv1D                 320 109  83276
BatchNormalization     320 109    436
Conv1DTranspose        640  72  15768
Concatenate            640 145      0
Conv1D                 640  72  73152
BatchNormalization     640  72    288
Conv1D                 640  72  36360
BatchNormalization     640  72    288
Conv1DTranspose       1280  48   6960
Concatenate           1280  97      0
Conv1D                1280  48  32640
BatchNormalization    1280  48    192
Conv1D                1280  48  16176
BatchNormalization    1280  48    192
Conv1DTranspose       2560  32   3104
Concatenate           2560  65      0
Conv1D                2560  32  14592
BatchNormalization    2560  32    128
Conv1D                2560  32   7200
BatchNormalization    2560  32    128
Conv1DTranspose       5120  21   1365
Concatenate           5120  43      0
Conv1D                5120  21   6342
BatchNormalization    5120  21     84
Conv1D                5120  21   3108
BatchNormalization    5120  21     84
Conv1DTranspose      10240  14    602
Concatenate          10240  29      0
Conv1D               10240  14   2856
BatchNormalization   10240  14     56
Conv1D               10240  14   1386
BatchNormalization   10240  14     56
Conv1D               10240   1     15
"""
CNN = """
InputLayer           10240   5      0
Conv1D               10240  32   2752
Conv1D               10240  64  22592
Conv1D               10240 128  41088
Dense                10240   1    129
"""


@pytest.fixture(scope="module")
def models():
    from leopard import models

    return models


def describe(core):
    """One row a layer, its output's shape followed from layer to layer by Keras."""
    import keras

    fixed = keras.Input((LENGTH, 5))
    probe = keras.Model(core.inputs, [layer.output for layer in core.layers])
    shapes = probe.compute_output_shape(fixed.shape)
    return [
        (type(layer).__name__, *shape[1:], layer.count_params())
        for layer, shape in zip(core.layers, shapes, strict=True)
    ]


def parse(table):
    rows = [line.split() for line in table.strip().splitlines()]
    return [(name, *map(int, numbers)) for name, *numbers in rows]


@pytest.mark.parametrize(("name", "table"), [("unet", UNET), ("cnn", CNN)])
def test_layers(models, name, table):
    assert describe(models.BUILDERS[name](channels=5)) == parse(table)


def test_the_unet_is_that_of_the_paper(models):
    import keras

    core = models.BUILDERS["unet"](channels=5)
    assert len(core.layers) == 61
    assert core.count_params() == 475_969
    assert sum(int(np.prod(w.shape)) for w in core.trainable_weights) == 474_017
    by_type = {}
    for layer in core.layers:
        by_type.setdefault(type(layer), []).append(layer)
    *convolutions, output = by_type[keras.layers.Conv1D]
    assert {(x.kernel_size, x.strides, x.padding) for x in convolutions} == {((7,), (1,), "same")}
    assert {x.activation.__name__ for x in convolutions} == {"relu"}
    assert (output.kernel_size, output.activation.__name__) == ((1,), "sigmoid")
    up = by_type[keras.layers.Conv1DTranspose]
    assert {(x.kernel_size, x.strides, x.activation.__name__) for x in up} == {
        ((2,), (2,), "linear")
    }
    pools = by_type[keras.layers.MaxPooling1D]
    assert {(x.pool_size, x.strides) for x in pools} == {((2,), (2,))}


def test_skips_join_layers_of_one_length(models):
    core = models.BUILDERS["unet"](channels=5)
    joins = [x for x in core.layers if type(x).__name__ == "Concatenate"]
    sources = [
        [tensor._keras_history.operation for tensor in join._inbound_nodes[0].input_tensors]
        for join in joins
    ]
    kinds = [[type(x).__name__ for x in pair] for pair in sources]
    assert kinds == [["Conv1DTranspose", "BatchNormalization"]] * 5
    assert [pair[1].output.shape[-1] for pair in sources] == [73, 49, 33, 22, 15]


def test_the_cnn_is_that_of_the_competition(models):
    core = models.BUILDERS["cnn"](channels=5)
    *convolutions, output = core.layers[1:]
    assert [(x.filters, x.kernel_size[0]) for x in convolutions] == [(32, 17), (64, 11), (128, 5)]
    assert {x.activation.__name__ for x in convolutions} == {"relu"}
    assert output.activation.__name__ == "sigmoid"


@pytest.mark.parametrize("name", ["unet", "cnn"])
@pytest.mark.parametrize("prior", [0.5, 0.003])
def test_an_untrained_network_expects_the_prior(models, name, prior):
    model = models.build(name, prior=prior)
    output = list(models.leaf_layers(model))[-1]
    assert output.bias.numpy() == pytest.approx(np.log(prior / (1 - prior)), rel=1e-6)
    rng = np.random.default_rng(0)
    codes, signal = rng.integers(0, 4, (2, 256)).astype(np.uint8), rng.gamma(1, 1, (2, 256))
    predicted = model.predict_on_batch([codes, signal.astype(np.float32)])
    assert predicted.shape == (2, 256, 1) and predicted.dtype == np.float32
    # Random features move it about the prior, not away from it.
    assert np.median(predicted) == pytest.approx(prior, rel=0.8)


def test_batch_normalisation_takes_its_momentum(models):
    model = models.build("unet", prior=0.1, batch_norm_momentum=0.75)
    momenta = [x.momentum for x in models.leaf_layers(model) if hasattr(x, "momentum")]
    assert momenta == [0.75] * 22


# The input transform

SIGNAL = np.float32([[-5, 0, 0.5, 1, 40, 1e3, 1e6, 1e9]])
CODES = np.uint8([[0, 1, 2, 3, 4, 0, 255, 3]])


def encode(order, transform, codes=CODES, signal=SIGNAL):
    from leopard.models.encoding import InputEncoding

    tracks = [{"name": "accessibility", "transform": transform}]
    return np.array(InputEncoding(order, tracks)([codes, signal[..., None]]))


@pytest.mark.parametrize("order", ["ACGT", "TGCA", "CATG"])
def test_one_hot_channels_follow_the_base_order(order):
    one_hot = encode(order, "raw")[0, :, :4]
    for code, row in zip(CODES[0], one_hot, strict=True):
        letter = "ACGT"[code] if code < 4 else None
        assert row.tolist() == [float(base == letter) for base in order]


@pytest.mark.parametrize(
    ("transform", "function"), [("raw", np.array), ("log1p", np.log1p), ("arcsinh", np.arcsinh)]
)
def test_signal_is_clipped_and_transformed(transform, function):
    encoded = encode("ACGT", transform)
    assert encoded.shape == (1, 8, 5) and encoded.dtype == np.float32
    expected = function(np.clip(SIGNAL[0].astype(float), 0, 1e6))
    np.testing.assert_allclose(encoded[0, :, 4], expected, rtol=1e-6)


def test_quantile_signal_is_the_rank_among_the_quantiles():
    from leopard.models.encoding import InputEncoding

    signal = np.float32([[-1, 0, 0.5, 1, 2, 3, 6, 9]])
    quantiles = [0, 0, 0, 1, 3, 6]  # ranks 0, 0.2 ... 1, the one of zero being the last of three
    layer = InputEncoding("ACGT", [{"name": "x", "transform": "quantile"}], {"x": quantiles})
    encoded = layer([np.zeros((1, 8), np.uint8), signal[..., None]])
    expected = np.interp(signal[0], [0, 1, 3, 6], [0.4, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(np.array(encoded)[0, :, 4], expected, rtol=1e-6)


def rank(values, quantiles):
    """Share of the quantiles below, in a loop; where several are equal, that of the last."""
    out = np.empty(len(values))
    for i, value in enumerate(values):
        below = max(j for j, x in enumerate(quantiles) if x <= value)
        above = min(below + 1, len(quantiles) - 1)
        width = quantiles[above] - quantiles[below]
        part = (value - quantiles[below]) / width if width else 0
        out[i] = (below + part) / (len(quantiles) - 1)
    return out


QUANTILES = {"dnase": [0.0, 0.0, 1.0, 4.0, 90.0], "mnase": [0.0, 2.0, 50.0]}
NAIVE = {"raw": lambda x, _: x, "log1p": lambda x, _: np.log1p(x), "quantile": rank}
SEEN = [
    {"name": "mnase", "transform": "raw"},
    {"name": "delta", "transform": "log1p", "difference": "dnase"},
    {"name": "dnase", "transform": "quantile"},
    {"name": "usual", "transform": "quantile", "average": "dnase"},
    {"name": "change", "transform": "quantile", "difference": "mnase"},
]


@pytest.mark.parametrize("names", [[0], [1], [3], [2, 1], [0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
def test_each_track_is_a_channel(names):
    """Against a loop over windows and tracks, the signals in the order that `arrays` tells."""
    from leopard.models.encoding import InputEncoding

    tracks = [SEEN[i] for i in names]
    layer = InputEncoding("GTAC", tracks, QUANTILES)
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 5, (2, 8)).astype(np.uint8)
    values = {
        name: rng.gamma(0.5, 4, (2, 8)).astype(np.float32)
        for name in ("dnase", "average.dnase", "mnase", "average.mnase")
    }
    assert set(layer.arrays) <= set(values) and len(set(layer.arrays)) == len(layer.arrays)
    encoded = np.array(layer([codes, np.stack([values[x] for x in layer.arrays], axis=-1)]))
    assert encoded.shape == (2, 8, 4 + len(tracks)) == (2, *layer.compute_output_shape([(8,)]))
    for window in range(2):
        for channel, track in enumerate(tracks, 4):
            source = track.get("difference") or track.get("average") or track["name"]
            transform, quantiles = NAIVE[track["transform"]], QUANTILES[source]
            own = transform(values[source][window], quantiles)
            mean = transform(values[f"average.{source}"][window], quantiles)
            expected = mean if "average" in track else own - mean if "difference" in track else own
            np.testing.assert_allclose(encoded[window, :, channel], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("order", "transform", "problem"),
    [
        *(("ACGG", "raw", "order"), ("ACG", "raw", "order"), ("acgt", "raw", "order")),
        *(("ACGT", "sqrt", "transform"), ("ACGT", None, "transform")),
    ],
)
def test_unknown_encodings_are_refused(order, transform, problem):
    from leopard.models.encoding import InputEncoding

    with pytest.raises(ValueError, match=f"no such {problem}"):
        InputEncoding(order, [{"name": "x", "transform": transform}])


# Files


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, (2, 96)).astype(np.uint8)
    return [codes, rng.gamma(1, 10, (2, 96, 1)).astype(np.float32)]


@pytest.fixture(scope="module")
def saved(models, tmp_path_factory, batch):
    from conftest import randomise

    tracks, quantiles = [{"name": "mnase", "transform": "quantile"}], {"mnase": [0.0, 2.0, 9.0]}
    encoding = {"base_order": "GTAC", "tracks": tracks, "quantiles": quantiles}
    model = randomise(models.build("cnn", prior=0.2, **encoding), 5)
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path, model.predict_on_batch(batch)


def test_a_loaded_model_predicts_the_same_and_keeps_its_transform(models, saved, batch):
    path, expected = saved
    model = models.load(path)
    np.testing.assert_array_equal(model.predict_on_batch(batch), expected)
    encoding = next(x for x in models.leaf_layers(model) if type(x).__name__ == "InputEncoding")
    assert encoding.base_order == "GTAC" and encoding.quantiles == {"mnase": [0.0, 2.0, 9.0]}
    assert [(x.name, x.transform) for x in encoding.tracks] == [("mnase", "quantile")]
    assert models.seen_arrays(model) == ["mnase"]


def test_a_loaded_unet_predicts_the_same(models, networks, tmp_path, batch):
    networks[0].save(tmp_path / "model.keras")
    loaded = models.load(tmp_path / "model.keras").predict_on_batch(batch)
    np.testing.assert_array_equal(loaded, networks[0].predict_on_batch(batch))


def test_a_network_keeps_what_it_is_to_be_given(models, tmp_path, batch):
    codes, signal = batch
    pair = np.concatenate([signal, signal / 2], axis=-1)
    one = {"name": "accessibility", "transform": "log1p"}
    two = {"name": "delta", "transform": "log1p", "difference": "accessibility"}
    for tracks, right, wrong in (([one, two], pair, signal), ([one], signal, pair)):
        model = models.build("cnn", prior=0.2, tracks=tracks)
        expected = model.predict_on_batch([codes, right])
        model.save(tmp_path / "model.keras")
        loaded = models.load(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.predict_on_batch([codes, right]), expected)
        with pytest.raises(ValueError):
            loaded.predict_on_batch([codes, wrong])


def age(path, delta):
    """Make a saved model one of before tracks had names: what differs is in its description."""

    def entries(node):
        if isinstance(node, dict):
            yield node
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                yield from entries(child)

    with ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    description = json.loads(held["config.json"])
    for node in entries(description):
        own = node.get("config", {})
        if node.get("class_name") == "InputEncoding":
            [quantiles], [first, *_] = own.pop("quantiles").values(), own.pop("tracks")
            own |= {"signal_transform": first["transform"], "quantiles": quantiles, "delta": delta}
        if node.get("class_name") == "InputLayer" and own["name"] == "signal" and not delta:
            own["batch_shape"] = [None, None]
    held["config.json"] = json.dumps(description).encode()
    with ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("delta", [False, True])
def test_models_of_earlier_versions_are_read(models, genome, tmp_path, delta):
    from conftest import randomise
    from leopard.decoding.decoder import Decoder
    from leopard.genome.tracks import Signal, Tracks

    one = {"name": "accessibility", "transform": "quantile"}
    two = {"name": "delta", "transform": "quantile", "difference": "accessibility"}
    quantiles = {"accessibility": [0.0, 1.0, 30.0]}
    model = models.build("cnn", prior=0.2, tracks=[one, *[two] * delta], quantiles=quantiles)
    path = tmp_path / "model.keras"
    randomise(model, 6).save(path)
    age(path, delta)
    loaded = models.load(path)
    assert loaded.inputs[1].shape == ((None, None, 2) if delta else (None, None))
    own, other = genome.signal_files
    signals = {"accessibility": Signal([own]), "average.accessibility": Signal([other])}
    assert models.seen_arrays(loaded) == list(signals)[: 1 + delta]
    tracks = Tracks(genome.fasta, {x: signals[x] for x in models.seen_arrays(loaded)})
    decoded = [
        np.concatenate([x for *_, x in decoder.decode(tracks, {"chr2": SIZES["chr2"]})])
        for decoder in (Decoder([x], 2048, 2, both_strands=True) for x in (model, loaded))
    ]
    np.testing.assert_array_equal(*decoded)
    assert decoded[0].std() > 0.01


def corrupt(content, how):
    size = len(content)
    return {
        "missing": None,
        "empty": b"",
        "text": b"not a model",
        "truncated": content[: size // 2],
        "without its end": content[:-100],
        "zeros in the weights": content[: size // 2] + bytes(500) + content[size // 2 + 500 :],
        "zeros at the start": bytes(200) + content[200:],
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("missing", "empty", "text", "truncated", "without its end"),
        *("zeros in the weights", "zeros at the start"),
    ],
)
def test_a_corrupt_model_is_told(models, saved, tmp_path, how):
    path = tmp_path / "model.keras"
    content = corrupt(saved[0].read_bytes(), how)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.keras: not a readable.*train again") as error:
        models.load(path)
    assert "\n" not in str(error.value)


def test_another_zip_is_no_model(models, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.txt").write_text("hello")
    archive = shutil.make_archive(str(tmp_path / "model"), "zip", tmp_path / "x")
    path = tmp_path / "model.keras"
    shutil.move(archive, path)
    with pytest.raises(InputError, match="not a readable"):
        models.load(path)


# How far a network sees


def measure_reach(models, name, length):
    """Largest distance to each side at which one base's accessibility is felt.

    All weights are positive and the input is empty but for one base, so what lies out of its
    reach is exactly zero before the last layer, and nothing within cancels.
    """
    import keras
    from leopard.models.reach import derive_reach

    model = models.build(name, prior=0.5, tracks=[{"name": "x", "transform": "raw"}])
    for weight in model.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        fill = {"bias": 0, "beta": 0, "moving_mean": 0}.get(kind, 1)
        scale = 4 / np.prod(weight.shape[:-1]) if kind == "kernel" else 1
        weight.assign(np.full(weight.shape, fill * scale))
    core = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    features = keras.Model(core.input, core.layers[-2].output)
    grid = derive_reach(model).grid
    at = length // 2 // grid * grid + np.arange(grid)  # every phase of the grid
    inputs = np.zeros((grid, length, 5), np.float32)
    inputs[np.arange(grid), at, 4] = 1e6
    felt = features.predict_on_batch(inputs).sum(-1) != 0
    left = max(int(x - row.argmax()) for x, row in zip(at, felt, strict=True))
    right = max(int(length - 1 - row[::-1].argmax() - x) for x, row in zip(at, felt, strict=True))
    return left, right


def test_halo_of_the_unet(models, networks):
    from leopard.models.reach import derive_reach

    reach = derive_reach(networks[0])
    assert (reach.grid, reach.halo) == (32, 608)
    # Two convolutions of kernel 7 at each stride, down and up, and the way through the poolings:
    # a block of 32 bases shares one cell at the bottom.
    convolutions = 2 * 3 * (2 * (1 + 2 + 4 + 8 + 16) + 32)
    assert reach.left == reach.right == convolutions + 31
    assert measure_reach(models, "unet", 2048) == (reach.left, reach.right)


def test_halo_of_the_cnn(models, networks):
    from leopard.models.reach import Reach, derive_reach

    assert derive_reach(networks[2]) == Reach(8 + 5 + 2, 8 + 5 + 2, 1)
    assert measure_reach(models, "cnn", 128) == (15, 15)


@pytest.mark.parametrize("which", [0, 2])
def test_nothing_outside_the_halo_is_felt(networks, which):
    from leopard.models.reach import derive_reach

    rng = np.random.default_rng(1)
    model = networks[which]
    length, at, halo = 2048, 1009, derive_reach(model).halo
    codes = rng.integers(0, 4, (2, length)).astype(np.uint8)
    signal = np.repeat(rng.gamma(1, 10, (1, length, 1)), 2, 0).astype(np.float32)
    codes[1] = codes[0]
    codes[1, at] = (codes[0, at] + 1) % 4
    signal[1, at] += 1000
    before, after = model.predict_on_batch([codes, signal])[..., 0]
    changed = np.flatnonzero(abs(before - after) > 1e-6)  # rows of a batch round differently
    assert len(changed) > halo / 2
    assert at - halo <= changed.min() and changed.max() <= at + halo


def test_leaves_are_the_layers_of_nested_models(models, networks):
    kinds = Counter(type(layer).__name__ for layer in models.leaf_layers(networks[2]))
    assert kinds == {"InputLayer": 3, "InputEncoding": 1, "Conv1D": 3, "Dense": 1}
