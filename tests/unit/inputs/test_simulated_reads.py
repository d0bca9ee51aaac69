"""Simulated reads give back, once they are counted, the cuts that they were drawn from."""

import numpy as np
import pyBigWig
import pysam
from hypothesis import given
from hypothesis import strategies as st
from leopard.inputs.reads import count_reads
from leopard.inputs.simulated_reads import draw_fragments, write_bam

SIZES = {"chr1": 30_000, "chr2": 9_000}


@given(st.lists(st.integers(0, 2999), max_size=60), st.integers(0, 9))
def test_a_fragment_has_a_cut_at_either_end_and_a_cut_one_fragment(cuts, seed):
    cuts = np.sort(np.array(cuts, np.int64))
    fragments = draw_fragments(np.random.default_rng(seed), cuts, 3000)
    assert ((fragments >= 0) & (fragments <= 3000)).all()
    assert (np.diff(fragments[:, 0]) >= 0).all()
    inner = fragments[:, 1] - fragments[:, 0] - 9
    assert ((inner >= 40) & (inner <= 1000)).all()
    used, counts = np.unique(fragments + np.array([4, -5]), return_counts=True)
    given_ = dict(zip(*np.unique(cuts, return_counts=True), strict=True))
    assert all(given_.get(cut, 0) >= n for cut, n in zip(used, counts, strict=True))


def test_reads_of_most_cuts_sorted_paired_and_the_same_each_time(tmp_path):
    rng = np.random.default_rng(1)
    drawn = {name: rng.poisson(0.05, size) for name, size in SIZES.items()}
    fragments = {
        name: draw_fragments(rng, np.repeat(np.arange(len(x)), x), len(x))
        for name, x in drawn.items()
    }
    path = tmp_path / "a.bam"
    for name in ("a.bam", "b.bam"):
        write_bam(tmp_path / name, SIZES, fragments, np.random.default_rng(2))
    assert path.read_bytes() == (tmp_path / "b.bam").read_bytes()
    pysam.index(str(path))  # which refuses what is unsorted
    with pysam.AlignmentFile(str(path)) as bam:
        for read in bam.fetch("chr2"):
            mate = bam.mate(read)
            assert read.is_proper_pair and read.is_read1 != mate.is_read1
            assert read.is_reverse != mate.is_reverse
            assert read.template_length == -mate.template_length
    settings = {"counts": "assay", "shift": None, "smoothing": 0, "min_mapping_quality": 30}
    settings |= dict.fromkeys(("duplicates", "unpaired", "secondary"), False)
    count_reads(tmp_path / "a.bigWig", path, SIZES, "atac", settings)
    with pyBigWig.open(str(tmp_path / "a.bigWig")) as bigwig:
        for name, cuts in drawn.items():
            values = np.nan_to_num(bigwig.values(name, 0, SIZES[name], numpy=True))
            assert (values <= cuts).all()
            assert values.sum() > 0.9 * cuts.sum()
