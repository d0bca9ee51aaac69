"""Batches are a function of seed, epoch and number, and hold the windows they should."""

import numpy as np
import pandas as pd
import pytest
from leopard import devices
from leopard.genome.loaded import LoadedTracks
from leopard.genome.tracks import Tracks, iterate_regions, reverse_complement
from leopard.training.batches import (
    FreshWindows,
    StoredWindows,
    WindowBatches,
    Windows,
    describe,
    signal_quantiles,
)
from leopard.windows.draw import draw_windows, list_usable_starts

N, LENGTH = 50, 24


class Memory:
    """Windows each of which is known by its signal's first value, up to strand and magnitude."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.n, self.arrays = N, ["accessibility"]
        self.codes = rng.integers(0, 5, (N, LENGTH)).astype(np.uint8)
        self.signal = rng.uniform(1, 2, (N, LENGTH, 1)).astype(np.float32)
        self.labels = rng.choice(np.uint8([0, 1, 255]), (N, LENGTH))

    def read(self, epoch, rows):
        return Windows(self.codes[rows], self.signal[rows], self.labels[rows])


def flip(windows, row):
    codes, signal, labels = (array[row] for array in windows)
    return reverse_complement(codes), signal[::-1], labels[::-1]


def collect(batches, epoch=0):
    return [batches[i + epoch * len(batches)] for i in range(len(batches))]


def flatten(batch):
    (codes, signal), labels, weights = batch
    return codes, signal, labels, weights


def same(a, b):
    return all(
        np.array_equal(x, y)
        for one, other in zip(a, b, strict=True)
        for x, y in zip(flatten(one), flatten(other), strict=True)
    )


AUGMENTED = {"seed": 3, "flip": True, "magnitude": (0.5, 2.0)}


def test_without_a_seed_windows_come_as_they_are():
    source = Memory()
    batches = WindowBatches(source, 16, flip=True, magnitude=(0.5, 2.0))
    assert len(batches) == 4
    rows = collect(batches)
    assert [len(x[1]) for x in rows] == [16, 16, 16, 2]
    codes, signal, labels, weights = (
        np.concatenate(x) for x in zip(*map(flatten, rows), strict=True)
    )
    np.testing.assert_array_equal(codes, source.codes)
    np.testing.assert_array_equal(signal, source.signal)
    assert labels.shape == (N, LENGTH, 1) and weights.shape == (N, LENGTH)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels[..., 0], source.labels == 1)
    np.testing.assert_array_equal(weights, source.labels != 255)
    assert same(rows, collect(batches, epoch=1))


def test_a_batch_is_of_seed_epoch_and_number_alone():
    batches = WindowBatches(Memory(), 16, **AUGMENTED)
    first = collect(batches)
    second = [batches[4 + i] for i in (3, 1, 0, 2)]  # in another order
    resumed = collect(WindowBatches(Memory(), 16, first_epoch=1, **AUGMENTED))
    assert same(second, [resumed[i] for i in (3, 1, 0, 2)])
    assert same(first, collect(WindowBatches(Memory(), 16, **AUGMENTED)))
    assert not same(first, resumed)
    assert not same(first, collect(WindowBatches(Memory(), 16, **{**AUGMENTED, "seed": 4})))


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_each_epoch_shows_every_window_once_on_one_strand_of_all_arrays(epoch):
    source = Memory()
    seen, flipped, factors = [], [], []
    everything = Windows(source.codes, source.signal, source.labels)[:3]
    for batch in collect(WindowBatches(source, 7, first_epoch=epoch, **AUGMENTED)):
        for codes, signal, labels, weights in zip(*flatten(batch), strict=True):
            matches = []
            for row in range(N):
                forward = tuple(array[row] for array in everything)
                for strand, (c, s, y) in enumerate((forward, flip(everything, row))):
                    if np.array_equal(codes, c):
                        matches.append((row, strand))
                        np.testing.assert_array_equal(labels[:, 0], y == 1)
                        np.testing.assert_array_equal(weights, y != 255)
                        np.testing.assert_allclose(
                            signal / s, (signal / s)[:1].repeat(LENGTH, 0), rtol=1e-5
                        )
                        factors.append(float((signal / s)[0, 0]))
            assert len(matches) == 1
            seen.append(matches[0][0])
            flipped.append(matches[0][1])
    assert sorted(seen) == list(range(N)) and seen != list(range(N))
    assert 0.25 < np.mean(flipped) < 0.75
    assert 0.5 <= min(factors) < 0.7 and 1.7 < max(factors) <= 2.0


class Pairs(Memory):
    """The same windows with an average beside the signal, known by its own first value."""

    def __init__(self):
        super().__init__()
        average = np.random.default_rng(1).uniform(5, 6, (N, LENGTH)).astype(np.float32)
        self.arrays = ["accessibility", "average.accessibility"]
        self.signal = np.concatenate([self.signal, average[..., None]], axis=-1)


def test_the_average_takes_the_strand_and_keeps_its_height():
    plain = collect(WindowBatches(Memory(), 16, **AUGMENTED))
    pairs = collect(WindowBatches(Pairs(), 16, **AUGMENTED))
    averages = {row.tobytes() for row in Pairs().signal[..., 1]}
    flipped = {row[::-1].tobytes() for row in Pairs().signal[..., 1]}
    seen = []
    for one, two in zip(plain, pairs, strict=True):
        (codes, signal), *_ = one
        (same_codes, pair), *_ = two
        np.testing.assert_array_equal(codes, same_codes)
        np.testing.assert_array_equal(signal[..., 0], pair[..., 0])
        seen += [row.tobytes() for row in pair[..., 1]]
    assert set(seen) <= averages | flipped
    assert set(seen) & averages and set(seen) & flipped


class Three(Pairs):
    """A second signal beside them, on which the first is written so that rows can be told."""

    def __init__(self):
        super().__init__()
        self.arrays = [*self.arrays, "mnase"]
        self.signal = np.concatenate([self.signal, self.signal[..., :1]], axis=-1)


def test_each_signal_of_a_window_has_a_factor_of_its_own_and_averages_none():
    batches = WindowBatches(Three(), N, seed=3, magnitude=(0.5, 2.0))
    (codes, signal), *_ = batches[0]
    rows = [np.flatnonzero((Three().codes == row).all(axis=1))[0] for row in codes]
    factors = signal / Three().signal[rows]
    np.testing.assert_array_equal(factors[..., 1], 1)
    np.testing.assert_allclose(factors, factors[:, :1].repeat(LENGTH, axis=1), rtol=1e-6)
    first, second = factors[:, 0, 0], factors[:, 0, 2]
    assert len(set(first.round(4)) | set(second.round(4))) > 1.9 * N  # none is drawn twice
    for drawn in (first, second):
        assert 0.5 <= drawn.min() < 0.7 and 1.7 < drawn.max() <= 2.0


def test_one_signal_has_the_factors_that_it_always_had():
    """A generator of the batch alone, one uniform number a window: models stay as they were."""
    (codes, signal), *_ = WindowBatches(Memory(), 16, seed=3, magnitude=(0.5, 2.0))[1]
    rows = np.random.default_rng([3, 4, 0]).permutation(N)[16:32]
    factors = np.random.default_rng([3, 5, 0, 1]).uniform(0.5, 2.0, 16).astype(np.float32)
    np.testing.assert_array_equal(codes, Memory().codes[rows])
    np.testing.assert_array_equal(signal[..., 0], Memory().signal[rows, :, 0] * factors[:, None])


def as_arrays(batch):
    (codes, signal), labels, weights = batch
    return (codes.numpy(), signal.numpy()), labels.numpy(), weights.numpy()


def test_read_ahead_goes_on_over_the_ends_of_epochs(device):
    batches = WindowBatches(Memory(), 16, endless=True, **AUGMENTED)
    data = devices.read_ahead(batches)
    assert data.cardinality() < 0  # as many as asked for
    read = [as_arrays(batch) for batch in data.take(11)]
    assert same(read, [*collect(batches), *collect(batches, 1), *collect(batches, 2)[:3]])


def test_read_ahead_ends_with_one_that_ends(device):
    batches = WindowBatches(Memory(), 16)
    data = devices.read_ahead(batches)
    assert data.cardinality() == 4
    for _ in range(2):  # every epoch the same
        assert same([as_arrays(batch) for batch in data], collect(batches))


def test_the_source_stays_as_it_was():
    source = Memory()
    collect(WindowBatches(source, 16, **AUGMENTED))
    fresh = Memory()
    for name in ("codes", "signal", "labels"):
        np.testing.assert_array_equal(getattr(source, name), getattr(fresh, name))


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files, genome.labels_file)


@pytest.fixture(scope="module")
def usable(genome):
    none = pd.DataFrame({"chrom": [], "start": [], "end": []})
    return list_usable_starts(genome.fasta, ["chr1", "chr2"], none, LENGTH, 0.5)


def test_stored_windows(tmp_path):
    source = Memory()
    splits = ["train"] * 30 + ["validation"] * 15 + ["test"] * 5
    pd.DataFrame({"chrom": "x", "split": splits}).to_csv(tmp_path / "w.tsv", sep="\t", index=False)
    paths = []
    for name in ("codes", "labels", "signal"):
        paths.append(tmp_path / f"{name}.npy")
        np.save(paths[-1], getattr(source, name).reshape(N, LENGTH))
    *others, signal = paths
    one = {"accessibility": signal}
    stored = StoredWindows(tmp_path / "w.tsv", "validation", *others, one)
    assert stored.n == 15 and stored.arrays == ["accessibility"]
    rows = np.array([14, 0, 3])
    for epoch in (0, 5):
        for array, name in zip(
            stored.read(epoch, rows)[:3], ("codes", "signal", "labels"), strict=True
        ):
            np.testing.assert_array_equal(array, getattr(source, name)[30 + rows])
    np.save(tmp_path / "average.npy", source.signal[..., 0] / 2)
    two = {"average.accessibility": tmp_path / "average.npy"} | one
    paired = StoredWindows(tmp_path / "w.tsv", "validation", *others, two)
    assert paired.arrays == ["average.accessibility", "accessibility"]
    read = paired.read(0, rows).signal
    np.testing.assert_array_equal(read[..., 0], source.signal[30 + rows, :, 0] / 2)
    np.testing.assert_array_equal(read[..., 1], source.signal[30 + rows, :, 0])
    before = describe(stored)
    collect(WindowBatches(stored, 4, **AUGMENTED))
    assert describe(StoredWindows(tmp_path / "w.tsv", "validation", *others, one)) == before


def test_fresh_windows_are_those_of_the_genome(tracks, usable):
    fresh = FreshWindows(tracks, usable, ["chr2"], 40, LENGTH, 0.0, seed=6)
    rows = np.array([5, 39, 0])
    for epoch in (0, 1, 9, 0):
        table = draw_windows(usable, ["chr2"], 40, LENGTH, [6, 3, epoch])
        windows = fresh.read(epoch, rows)
        for i, region in enumerate(iterate_regions(table.iloc[rows])):
            np.testing.assert_array_equal(windows.codes[i], tracks.codes(*region))
            np.testing.assert_array_equal(windows.signal[i, :, 0], tracks.signal(*region))
            np.testing.assert_array_equal(windows.labels[i], tracks.labels(*region))


def test_fresh_windows_change_every_epoch_and_come_back(tracks, usable):
    batches = WindowBatches(FreshWindows(tracks, usable, ["chr1"], 30, LENGTH, 0.5, 6), 8, seed=1)
    epochs = [collect(batches, epoch) for epoch in range(3)]
    assert not same(epochs[0], epochs[1]) and not same(epochs[1], epochs[2])
    again = WindowBatches(
        FreshWindows(tracks, usable, ["chr1"], 30, LENGTH, 0.5, 6), 8, seed=1, first_epoch=2
    )
    assert same(epochs[2], collect(again))


def test_weights_make_enriched_windows_look_uniform(tracks, usable):
    fresh = FreshWindows(tracks, usable, ["chr1"], 4000, LENGTH, 0.8, 6)
    plain = FreshWindows(tracks, usable, ["chr1"], 4000, LENGTH, 0.0, 6)
    assert describe(plain)[0] < 0.8 * describe(fresh)[0]
    batches = WindowBatches(fresh, 100, seed=1, flip=True)
    labels, weights = (np.concatenate([batch[i] for batch in collect(batches)]) for i in (1, 2))
    rate = (labels[..., 0] * weights.astype(float)).sum() / weights.sum(dtype=float)
    assert rate == pytest.approx(describe(plain)[0], rel=0.05)


def test_enriched_windows_hold_bound_sites(tracks, usable):
    plain = FreshWindows(tracks, usable, ["chr1"], 200, LENGTH, 0.0, 6).read(0, np.arange(200))
    rich = FreshWindows(tracks, usable, ["chr1"], 200, LENGTH, 1.0, 6).read(0, np.arange(200))
    share = [(windows.labels == 1).any(axis=1).mean() for windows in (plain, rich)]
    assert share[1] > max(0.9, share[0])


def test_quantiles_are_of_a_signal_and_of_its_average_together():
    rows = np.linspace(0, N - 1, 9).astype(int)
    signal = Three().signal[rows]
    for track, values in (("accessibility", signal[..., :2]), ("mnase", signal[..., 2])):
        quantiles = signal_quantiles(Three(), track, n=5, sample=9)
        np.testing.assert_allclose(quantiles, np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))


def test_description():
    source = Memory()
    rate, digest = describe(source)
    assert rate == pytest.approx((source.labels == 1).sum() / (source.labels != 255).sum())
    assert describe(Memory()) == (rate, digest)
    assert describe(source, chunk=1)[0] == rate
    for name in ("codes", "signal", "labels"):
        changed = Memory()
        getattr(changed, name)[49, 23] += 1
        assert describe(changed)[1] != digest
    source.labels[:] = 255
    assert describe(source)[0] == 0


def test_windows_from_memory_are_those_from_files(tracks, usable):
    for chrom in ("chr1", "chr2"):
        sources = [
            FreshWindows(reader, usable, [chrom], 40, LENGTH, 0.5, seed=6)
            for reader in (tracks, LoadedTracks(tracks, [chrom]))
        ]
        before = describe(sources[0])
        files, memory = (collect(WindowBatches(x, 16, **AUGMENTED)) for x in sources)
        assert same(files, memory)
        assert describe(sources[1]) == before  # no batch has written to what others read
