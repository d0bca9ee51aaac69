"""How far networks see: derived, against how far a change of one base is felt, and by tiles."""

import numpy as np
import pytest
from conftest import SIZES, randomise
from leopard.decoding.decoder import Decoder, tile_chromosome
from leopard.errors import InputError
from leopard.genome.tracks import Tracks

pytestmark = pytest.mark.usefixtures("device")

CHANNELS = 2


def layer(kind, *arguments, **options):
    from keras import layers

    return getattr(layers, kind)(*arguments, **options)


def conv(kernel, **options):
    return layer("Conv1D", CHANNELS, kernel, **{"padding": "same"} | options)


def up(kernel, stride, **options):
    return layer(
        "Conv1DTranspose", CHANNELS, kernel, strides=stride, **{"padding": "same"} | options
    )


def pool(size, stride, kind="Max", padding="same"):
    return layer(f"{kind}Pooling1D", size, strides=stride, padding=padding)


def chain(*steps):
    def apply(x):
        for step in steps:
            x = step(x)
        return x

    return apply


def join(kind, *branches):
    return lambda x: layer(kind)([branch(x) for branch in branches])


def keep(x):
    return x


def nested(*steps):
    """The steps as a Sequential, which is called twice."""
    import keras

    block = keras.Sequential([keras.Input((None, CHANNELS)), *steps])
    return chain(block, block)


def assemble(body):
    import keras

    x = keras.Input((None, CHANNELS))
    return keras.Model(x, body(x))


# name: network, how far it is felt to left and right as counted by hand, if it was, and its grid
NETWORKS = {
    "dilated": (lambda: chain(*(conv(3, dilation_rate=2**i) for i in range(9))), (511, 511), 1),
    "even kernels": (lambda: chain(conv(4), conv(2)), (1, 3), 1),
    "causal": (
        lambda: chain(*(conv(3, padding="causal", dilation_rate=d) for d in (1, 4))),
        (10, 0),
        1,
    ),
    "separable": (lambda: layer("SeparableConv1D", CHANNELS, 5, padding="same"), (2, 2), 1),
    "depthwise, dilated": (
        lambda: layer("DepthwiseConv1D", 3, padding="same", dilation_rate=6),
        (6, 6),
        1,
    ),
    "strided and transposed": (lambda: chain(conv(5, strides=3), up(5, 3)), (None, None), 3),
    "causal with a stride": (
        lambda: chain(conv(4, strides=2, padding="causal"), layer("UpSampling1D", 2)),
        (4, 0),
        2,
    ),
    "large transposed kernels": (lambda: chain(pool(2, 2), up(7, 2), conv(3)), (None, None), 2),
    "small transposed kernels": (lambda: chain(pool(3, 3), up(2, 3), conv(3)), (None, None), 3),
    "dilated transposed": (lambda: up(3, 1, dilation_rate=5), (5, 5), 1),
    "valid, there and back": (
        lambda: chain(conv(5, padding="valid"), up(5, 1, padding="valid")),
        (4, 4),
        1,
    ),
    "valid with strides": (
        lambda: chain(pool(4, 4, padding="valid"), up(4, 4, padding="valid")),
        (3, 3),
        4,
    ),
    "overlapping average pooling": (
        lambda: chain(pool(5, 2, "Average"), layer("UpSampling1D", 2)),
        (None, None),
        2,
    ),
    "pooling that skips": (
        lambda: chain(pool(2, 4), conv(3), layer("UpSampling1D", 4)),
        (None, None),
        4,
    ),
    "finer than bases": (
        lambda: chain(layer("UpSampling1D", 2), conv(7), pool(2, 2, "Average")),
        (2, 2),
        1,
    ),
    "three halves": (
        lambda: chain(up(2, 2), pool(3, 3), conv(3), up(3, 3), pool(2, 2)),
        (None, None),
        3,
    ),
    "branches": (
        lambda: join("Concatenate", conv(9), chain(conv(3), conv(3, dilation_rate=8)), keep),
        (9, 9),
        1,
    ),
    "residual, dilated": (
        lambda: chain(
            *(join("Add", keep, chain(conv(3, dilation_rate=2**i), conv(1))) for i in range(5))
        ),
        (31, 31),
        1,
    ),
    "a skip over a pooling": (
        lambda: join("Average", conv(3), chain(pool(2, 2), conv(3), up(2, 2))),
        (3, 3),
        2,
    ),
    "padded once, then valid": (
        lambda: chain(
            layer("ZeroPadding1D", 14),
            *(
                join("Add", layer("Cropping1D", d), conv(3, padding="valid", dilation_rate=d))
                for d in (2, 4, 8)
            ),
        ),
        (14, 14),
        1,
    ),
    "cropped for nothing": (
        lambda: chain(layer("Cropping1D", (0, 10)), layer("ZeroPadding1D", (0, 10))),
        (0, 0),
        1,
    ),
    "nested, called twice": (
        lambda: nested(conv(5), layer("BatchNormalization"), pool(2, 2), up(2, 2)),
        (None, None),
        2,
    ),
    "point by point": (
        lambda: chain(
            *(layer("Dense", CHANNELS, activation="gelu"), layer("LeakyReLU")),
            *(layer("Dropout", 0.5), layer("Activation", "softplus")),
            *(layer("PReLU", shared_axes=[1]), layer("LayerNormalization")),
        ),
        (0, 0),
        1,
    ),
}
# What is felt less than the interval is wide: what a crop drops counts as read, and which of a pair
# of bases shares a cell with which is forgotten from one block to the next.
LOOSE = {"cropped for nothing": (0, 10), "nested, called twice": (1, 1)}


def call(model, inputs):
    """As it predicts, without tracing it for every shape."""
    return np.asarray(model(inputs.astype(np.float32), training=False))


def measure(model, grid):
    """Largest distance to each side at which a change of one base is felt, at any phase.

    Weights are positive and the rest is empty, so that what is out of reach does not change and
    nothing within cancels.
    """
    for weight in model.weights:
        weight.assign(abs(weight))
    half = 600 // grid * grid
    at = half + np.arange(2 * grid)
    inputs = np.zeros((len(at), 2 * half, CHANNELS), np.float32)
    before = call(model, inputs)
    inputs[np.arange(len(at)), at] = 1e3
    felt = (call(model, inputs) != before).any(-1)
    rows, places = np.nonzero(felt)
    distances = places - at[rows]
    return max(0, int(distances.max())), max(0, int(-distances.min()))


def assert_tiles_are_exact(model, reach):
    """A tile in the middle has what one pass has, but within the halo of its ends."""
    randomise(model, 3)
    grid, halo = reach.grid, reach.halo
    whole = np.random.default_rng(1).normal(size=(1, grid * (-(-3000 // grid)), CHANNELS))
    expected = call(model, whole)
    for tile in tile_chromosome(whole.shape[1], 2 * halo + grid * 40, halo, grid):
        part = whole[:, tile.start : tile.start + tile.length]
        kept = slice(tile.keep_start - tile.start, tile.keep_end - tile.start)
        np.testing.assert_allclose(
            call(model, part)[:, kept],
            expected[:, tile.keep_start : tile.keep_end],
            atol=1e-4 * abs(expected).max(),
            rtol=0,
        )


@pytest.mark.parametrize("name", NETWORKS)
def test_the_reach_is_what_is_felt(name):
    from leopard.models.reach import derive_reach

    build, by_hand, grid = NETWORKS[name]
    model = assemble(build())
    reach = derive_reach(model)
    left, right = measure(model, grid)
    more = LOOSE.get(name, (0, 0))
    assert (reach.left, reach.right, reach.grid) == (left + more[0], right + more[1], grid)
    assert by_hand in ((None, None), (left, right))
    assert reach.halo >= max(reach.left, reach.right) > reach.halo - grid
    assert_tiles_are_exact(model, reach)


def draw_network(rng):
    """A random network: some steps down, each undone by another, with skips and dilation."""

    def widen():
        kernel, dilation = int(rng.integers(1, 8)), int(rng.integers(1, 4))
        padding = rng.choice(["same", "causal"])
        return conv(kernel, dilation_rate=dilation, padding=str(padding))

    def body(depth):
        if depth == 0:
            return widen()
        stride = int(rng.integers(2, 5))
        size = int(rng.integers(1, 8))
        down = [
            lambda: conv(size, strides=stride),
            lambda: conv(size, strides=stride, padding="causal"),
            lambda: pool(size, stride),
            lambda: pool(size, stride, "Average"),
        ]
        kernel = int(rng.integers(1, 8))
        back = [lambda: up(kernel, stride), lambda: layer("UpSampling1D", stride)]
        deep = chain(down[rng.integers(4)](), body(depth - 1), back[rng.integers(2)]())
        branches = [[deep], [deep, keep], [deep, widen()]][rng.integers(3)]
        joined = join("Add", *branches) if len(branches) > 1 else branches[0]
        return chain(widen(), joined)

    return body(int(rng.integers(0, 4)))


@pytest.mark.parametrize("seed", range(20))
def test_the_reach_of_random_networks(seed):
    from leopard.models.reach import derive_reach

    model = assemble(draw_network(np.random.default_rng(seed)))
    reach = derive_reach(model)
    left, right = measure(model, reach.grid)
    # Where phases never meet, as a stride of 3 over one of 2, the interval is a little wide.
    assert left <= reach.left <= left + reach.grid
    assert right <= reach.right <= right + reach.grid
    assert_tiles_are_exact(model, reach)


def test_genomes_are_decoded_by_tiles_of_a_dilated_network(genome):
    """What a halo of 9 bases, as once derived for this network, would have got wrong."""
    import keras
    from leopard.models.encoding import InputEncoding
    from leopard.models.reach import derive_reach

    codes = keras.Input((None,), dtype="uint8")
    signal = keras.Input((None,), dtype="float32")
    body = chain(*(conv(3, dilation_rate=2**i) for i in range(9)), conv(1, activation="sigmoid"))
    encoded = InputEncoding("ACGT", [{"name": "accessibility", "transform": "log1p"}])(
        [codes, signal]
    )
    network = randomise(keras.Model([codes, signal], body(encoded)), 2)
    assert derive_reach(network).halo == 511
    tracks = Tracks(genome.fasta, genome.signal_files)
    size = SIZES["chr1"]
    inputs = [tracks.codes("chr1", 0, size)[None], tracks.signal("chr1", 0, size)[None]]
    one_pass = network.predict_on_batch(inputs)[0, :, 0]
    decoder = Decoder([network], 1500, 8, both_strands=False)
    pieces = [values for _, _, values in decoder.decode(tracks, {"chr1": size})]
    assert len(pieces) > 30 and one_pass.std() > 0.01
    np.testing.assert_allclose(np.concatenate(pieces), one_pass, atol=1e-5, rtol=0)


REFUSED = {
    "Flatten": lambda: chain(conv(3), layer("Flatten"), layer("Dense", 1)),
    "GlobalMaxPooling1D": lambda: layer("GlobalMaxPooling1D", keepdims=True),
    "GlobalAveragePooling1D": lambda: join(
        "Add", keep, layer("GlobalAveragePooling1D", keepdims=True)
    ),
    "LSTM": lambda: layer("LSTM", CHANNELS, return_sequences=True),
    "Bidirectional": lambda: layer("Bidirectional", layer("GRU", 1, return_sequences=True)),
    "MultiHeadAttention": lambda: lambda x: layer("MultiHeadAttention", 1, 2)(x, x),
    "Lambda": lambda: layer("Lambda", lambda x: x[:, ::-1]),
    "GroupNormalization": lambda: layer("GroupNormalization", 1),
    "Permute": lambda: layer("Permute", (2, 1)),
    "GetItem": lambda: lambda x: x[:, ::-1],
    "Softmax over another axis than the last": lambda: layer("Softmax", axis=1),
    "Conv1D with an activation of its own": lambda: conv(3, activation=lambda x: x[:, ::-1]),
    "Concatenate over another axis than the last": lambda: join("Concatenate", keep, keep),
    "Conv1DTranspose with output_padding": lambda: up(3, 2, output_padding=1),
    "Add of tensors that differ in length": lambda: join("Add", keep, chain(pool(2, 2), conv(3))),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_layers_of_unknown_reach_are_refused(kind):
    import keras
    from leopard.models.reach import derive_reach

    x = keras.Input((None, CHANNELS))
    if kind.startswith("Concatenate"):
        y = layer("Concatenate", axis=1)([x, x])
    elif kind.startswith("Flatten"):
        x = keras.Input((64, CHANNELS))
        y = REFUSED[kind]()(x)
    else:
        y = REFUSED[kind]()(x)
    with pytest.raises(
        InputError, match=rf"^layer \S+ \({kind}\): .*cannot be derived.*; "
    ) as error:
        derive_reach(keras.Model(x, y))
    assert "\n" not in str(error.value)


def test_a_kind_derived_from_a_known_one_is_refused():
    import keras
    from leopard.models.reach import derive_reach

    class Reversed(keras.layers.Conv1D):
        def call(self, inputs):
            return super().call(inputs)[:, ::-1]

    with pytest.raises(InputError, match=r"Reversed\)"):
        derive_reach(assemble(Reversed(CHANNELS, 3, padding="same")))


def test_a_model_without_a_graph_is_refused():
    import keras
    from leopard.models.reach import derive_reach

    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(InputError, match=r"\(Own\)"):
        derive_reach(assemble(Own()))


@pytest.mark.parametrize(
    ("build", "length"),
    [
        (lambda: conv(7, padding="valid"), r"L -6"),
        (lambda: pool(2, 2), r"L / 2 \+0"),
        (lambda: chain(pool(4, 4), up(2, 2)), r"L / 2 \+0"),
        (lambda: layer("UpSampling1D", 3), r"3 L \+0"),
        (lambda: layer("ZeroPadding1D", 2), r"L \+4"),
    ],
)
def test_outputs_of_another_length_are_refused(build, length):
    from leopard.models.reach import derive_reach

    with pytest.raises(InputError, match=f"its output has {length} positions for L bases"):
        derive_reach(assemble(build()))


def test_networks_of_one_length_are_refused():
    import keras
    from leopard.models.factornet import build_factornet
    from leopard.models.reach import derive_reach

    x = keras.Input((64, CHANNELS))
    with pytest.raises(InputError, match="it only takes 64 bases"):
        derive_reach(keras.Model(x, conv(3)(x)))
    with pytest.raises(InputError, match=r"\(Flip\)"):
        derive_reach(build_factornet())


def test_networks_of_an_ensemble_share_a_grid():
    networks = [assemble(chain(pool(n, n), conv(3), up(n, n))) for n in (4, 6)]
    decoder = Decoder(networks, 2048, 1, both_strands=False)
    assert (decoder.grid, decoder.tile_length) == (12, 2040)
    # Each sees one cell further than its own: 4 + 3 and 6 + 5 bases.
    assert decoder.halo == 12


def test_an_architecture_is_refused_before_it_is_trained(monkeypatch):
    from leopard import models

    def build_blind(channels, output_bias, batch_norm_momentum):
        import keras

        x = keras.Input((None, channels))
        return keras.Model(x, layer("GRU", 1, return_sequences=True)(x))

    monkeypatch.setitem(models.BUILDERS, "blind", build_blind)
    with pytest.raises(InputError, match=r"\(GRU\)"):
        models.build("blind", prior=0.1)
