"""The competition's windows, against the starts it is known for and a draw spelt out in loops."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard.errors import InputError
from leopard.windows.competition import draw_splits, split_chromosomes

HG19 = {
    "chr1": 249_250_621, "chr2": 243_199_373, "chr3": 198_022_430, "chr4": 191_154_276,
    "chr5": 180_915_260, "chr6": 171_115_067, "chr7": 159_138_663, "chr8": 146_364_022,
    "chr9": 141_213_431, "chr10": 135_534_747, "chr11": 135_006_516, "chr12": 133_851_895,
    "chr13": 115_169_878, "chr14": 107_349_540, "chr15": 102_531_392, "chr16": 90_354_753,
    "chr17": 81_195_210, "chr18": 78_077_248, "chr19": 59_128_983, "chr20": 63_025_520,
    "chr21": 48_129_895, "chr22": 51_304_566, "chrX": 155_270_560,
}  # fmt: skip
TEST = ["chr1", "chr21"]
VALIDATION = ["chr7", "chr11", "chr14", "chr15"]
TRAIN = [chrom for chrom in HG19 if chrom not in [*TEST, *VALIDATION, "chr8"]]
SPLITS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
COUNTS = {"train": 20_000, "validation": 4000, "test": 4000}


@pytest.fixture(scope="module")
def windows():
    return draw_splits(HG19, SPLITS, COUNTS, 10_240, 1)


def test_the_first_windows_are_the_known_ones(windows):
    first = windows.groupby("split", sort=False).head(3)
    assert (first["chrom"] + ":" + first["start"].astype(str)).to_list() == [
        *("chr4:89734421", "chr9:39243863", "chr3:136746462"),
        *("chr11:89734421", "chr7:39243863", "chr14:2528734"),
        *("chr1:89734421", "chr1:173030330", "chr1:39243863"),
    ]


def test_all_28000_windows_are_pinned(windows):
    """SHA-256 of the table as BED lines: chrom, start, end, split, tabs between, no header."""
    table = windows.to_csv(sep="\t", index=False, header=False, lineterminator="\n")
    digest = "d6323d5ad0743a72fdcf184d0ccbec23522f5c84372a38743919a91988da8725"
    assert hashlib.sha256(table.encode()).hexdigest() == digest


def test_splits(windows):
    assert list(windows) == ["chrom", "start", "end", "split"]
    assert windows["split"].value_counts(sort=False).to_dict() == COUNTS
    for split, rows in windows.groupby("split"):
        assert set(rows["chrom"]) == set(SPLITS[split])
    assert (windows["end"] - windows["start"] == 10_240).all()
    assert windows["start"].min() >= 0
    assert (windows["end"] <= windows["chrom"].map(HG19)).all()
    # In proportion to length, to the thousandth that the lists are rounded to.
    on_chr1 = windows.query("split == 'test'")["chrom"].value_counts()["chr1"]
    assert on_chr1 == 4000 * 838 / 1000


def test_the_order_of_the_config_does_not_matter(windows):
    backwards = {split: chroms[::-1] for split, chroms in SPLITS.items() if split != "test"}
    again = draw_splits(HG19, {**backwards, "test": TEST}, COUNTS, 10_240, 1)
    pd.testing.assert_frame_equal(again, windows)


def spelt_out(sizes, splits, counts, length, seed, which):
    """One split's windows, by lists and loops."""
    generator = np.random.RandomState(seed)
    names = sorted(splits["train"] + splits["validation"], key=lambda name: int(name[3:]))
    generator.shuffle(names)
    cut = int(0.8 * len(names))
    lists = []
    for chroms in (names[:cut], names[cut:], splits["test"]):
        entries = []
        for chrom in chroms:
            share = sizes[chrom] / sum(sizes[x] for x in chroms)
            entries += [chrom] * int(np.rint(share * 1000))
        generator.shuffle(entries)
        lists.append(entries)
    entries, rows, at = lists[which], [], 0
    for _ in range(counts):
        if at == len(entries):
            generator.shuffle(entries)
            at = 0
        start = int(generator.randint(0, sizes[entries[at]] - length, 1)[0])
        rows.append((entries[at], start))
        at += 1
    return rows


@settings(max_examples=20)
@given(st.lists(st.integers(100, 10_000), min_size=4, max_size=14), st.integers(0, 2**32 - 1))
def test_a_draw_is_the_one_spelt_out(lengths, seed):
    sizes = {f"chr{i}": length for i, length in enumerate(lengths)}
    test, *others = sizes
    train, validation = split_chromosomes(others, 0.8, np.random.RandomState(seed))
    splits = {"train": train, "validation": validation, "test": [test]}
    counts = {"train": 2300, "validation": 1010, "test": 5}
    drawn = draw_splits(sizes, splits, counts, 64, seed)
    for which, (split, n) in enumerate(counts.items()):
        rows = drawn[drawn["split"] == split]
        expected = spelt_out(sizes, splits, n, 64, seed, which)
        assert list(zip(rows["chrom"], rows["start"], strict=True)) == expected


def test_another_split_is_refused():
    splits = {**SPLITS, "train": [*TRAIN[1:], "chr7"], "validation": ["chr2", *VALIDATION[1:]]}
    with pytest.raises(
        InputError, match="seed 1 draws; let validation be chr7, chr11, chr14, chr15"
    ):
        draw_splits(HG19, splits, COUNTS, 10_240, 1)
