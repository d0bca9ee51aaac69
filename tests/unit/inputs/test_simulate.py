"""The simulated genome: reproducible, well formed, and as its truth table says."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyBigWig
import pysam
import pytest
from conftest import CTCF
from leopard.errors import InputError
from leopard.genome.formats import read_motif, read_narrowpeak
from leopard.inputs.reads import count_reads
from leopard.inputs.simulate import (
    DECAYED,
    LEAST_SCORE,
    PLANTED_FRACTION,
    mutate,
    plant_loci,
    simulate_genome,
)
from leopard.inputs.simulated_reads import PEAK_WIDTH

CHROMOSOMES = {"chr1": 70_000, "chr2": 50_000}
CELL_LINES = ["alpha", "beta"]
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def simulate(directory, seed=1, cell_lines=CELL_LINES, chromosomes=CHROMOSOMES):
    simulate_genome(directory, CTCF, seed, cell_lines, chromosomes)
    return directory


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def read_coverage(directory, cell_line, chrom):
    with pyBigWig.open(str(directory / f"{cell_line}.bigWig")) as bigwig:
        return bigwig.values(chrom, 0, CHROMOSOMES[chrom], numpy=True)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return simulate(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def sequences(simulated, tmp_path_factory):
    # Indexing writes beside the file, so on a copy.
    copy = tmp_path_factory.mktemp("indexed") / "genome.fa.gz"
    copy.write_bytes((simulated / "genome.fa.gz").read_bytes())
    with pysam.FastaFile(str(copy)) as fasta:
        return {chrom: fasta.fetch(chrom) for chrom in fasta.references}


@pytest.fixture(scope="module")
def truth(simulated):
    return pd.read_csv(simulated / "truth.tsv", sep="\t")


def test_writes_the_named_files_and_no_others(simulated):
    tracks = {f"{line}.{kind}" for line in CELL_LINES for kind in ("bigWig", "narrowPeak")}
    assert set(contents(simulated)) == {"genome.fa.gz", "truth.tsv"} | tracks


def test_same_seed_same_bytes(simulated, tmp_path):
    assert contents(simulate(tmp_path / "new")) == contents(simulated)


def test_another_seed_changes_every_file(simulated, tmp_path):
    first, second = contents(simulated), contents(simulate(tmp_path, seed=2))
    assert all(first[name] != second[name] for name in first)


def test_another_cell_line_changes_no_other_file(simulated, tmp_path):
    first, second = (
        contents(simulated),
        contents(simulate(tmp_path, cell_lines=["new", *CELL_LINES])),
    )
    del first["truth.tsv"]
    assert first.items() <= second.items()


def test_another_chromosome_changes_no_other_sequence(sequences, tmp_path):
    simulate(tmp_path, chromosomes={"chr0": 30_000, **CHROMOSOMES})
    with pysam.FastaFile(str(tmp_path / "genome.fa.gz")) as fasta:
        assert {chrom: fasta.fetch(chrom) for chrom in CHROMOSOMES} == sequences


def test_cell_line_named_like_a_stream(tmp_path):
    simulate(tmp_path, cell_lines=["genome", "depth"])
    assert (tmp_path / "genome.bigWig").stat().st_size != (tmp_path / "depth.bigWig").stat().st_size


def test_sequence(sequences):
    assert {chrom: len(sequence) for chrom, sequence in sequences.items()} == CHROMOSOMES
    assert set("".join(sequences.values())) == set("ACGTacgtN")
    for sequence in sequences.values():
        assert sequence[:1000] == sequence[-1000:] == "N" * 1000
        assert "N" in sequence[3000:-3000]
        letters = np.array(list(sequence))
        known = letters[letters != "N"]
        assert 0.25 < np.char.islower(known).mean() < 0.45
        upper = "".join(np.char.upper(known))
        gc = (upper.count("C") + upper.count("G")) / len(upper)
        assert 0.3 < gc < 0.55
        assert upper.count("CG") < 0.6 * upper.count("C") * upper.count("G") / len(upper)


def test_planted_sites_are_where_truth_says(sequences, truth):
    matrix = read_motif(CTCF)[1]
    log_odds = np.log2(matrix + 1e-4) + 2
    assert set(truth.strand) == {"+", "-"}
    for site in truth.itertuples():
        instance = sequences[site.chrom][site.start : site.end].upper()
        if site.strand == "-":
            instance = instance.translate(COMPLEMENT)[::-1]
        score = sum(log_odds["ACGT".index(base), i] for i, base in enumerate(instance))
        assert score == pytest.approx(site.score, abs=1e-3)


def test_some_sites_have_lost_one_base_to_any_other_anywhere():
    whole = np.tile(np.arange(20, dtype=np.uint8) % 4, (6000, 1))
    mutated = mutate(np.random.default_rng(1), whole)
    changed = mutated != whole
    assert set(changed.sum(axis=1)) == {0, 1}
    assert changed.sum() / len(whole) == pytest.approx(DECAYED, abs=0.03)
    assert changed.any(axis=0).all()
    for base in range(4):
        counts = np.bincount(mutated[changed & (whole == base)], minlength=4)
        assert counts[base] == 0 and (np.delete(counts, base) > 150).all()


def test_what_has_decayed_too_far_is_no_site_but_is_still_there():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, 2_000_000).astype(np.uint8)
    pwm = read_motif(CTCF)[1].T
    loci = plant_loci(rng, codes, np.zeros(len(codes), bool), pwm)
    assert (loci.score[loci.site] >= LEAST_SCORE).all() and loci.score[~loci.site].isna().all()

    log_odds = np.log2(pwm + 1e-4) + 2
    found = codes[loci.centre.to_numpy()[:, None] - len(pwm) // 2 + np.arange(len(pwm))]
    both = (log_odds[np.arange(len(pwm)), x].sum(axis=1) for x in (found, 3 - found[:, ::-1]))
    score = np.maximum(*both)
    np.testing.assert_allclose(score[loci.site], loci.score[loci.site])
    left = ~loci.site & (score > -10)  # by chance bases have -30 bits, more or less
    assert (score[left] < LEAST_SCORE).all()
    assert (loci.site | left).mean() == pytest.approx(PLANTED_FRACTION, abs=0.03)
    assert 0.05 < left.mean() < 0.2
    assert not loci.region[left].all() and loci.region[~loci.site & ~left].mean() > 0.95


def test_sites_do_not_overlap_and_come_as_often_as_meant(truth):
    for chrom, sites in truth.groupby("chrom"):
        assert (sites.start.to_numpy()[1:] > sites.end.to_numpy()[:-1]).all()
        assert 600 < CHROMOSOMES[chrom] / len(sites) < 1800


def test_bound_only_where_open_and_not_everywhere(truth):
    for line in CELL_LINES:
        is_open, bound = truth[f"{line}.open"] == 1, truth[f"{line}.bound"] == 1
        assert not (bound & ~is_open).any()
        assert 0.25 < is_open.mean() < 0.6
        assert truth.score[bound].mean() > truth.score[is_open & ~bound].mean()
    assert (truth["alpha.open"] != truth["beta.open"]).any()


@pytest.mark.parametrize("cell_line", CELL_LINES)
def test_peaks_are_valid(simulated, truth, cell_line):
    path = simulated / f"{cell_line}.narrowPeak"
    assert {len(line.split("\t")) for line in path.read_text().splitlines()} == {10}
    peaks = read_narrowpeak(path, CHROMOSOMES)
    assert peaks[["chrom", "start"]].equals(
        peaks.sort_values(["chrom", "start"])[["chrom", "start"]]
    )
    assert (peaks.end - peaks.start).between(*PEAK_WIDTH).all()
    assert ((peaks.start <= peaks.summit) & (peaks.summit < peaks.end)).all()
    assert peaks.score.between(0, 1000).all()
    assert (peaks.signal_value > 0).all()
    assert ((peaks.q_value >= 0) & (peaks.q_value <= peaks.p_value)).all()
    for _, on_chrom in peaks.groupby("chrom"):
        intervals = zip(on_chrom.start, on_chrom.end, strict=True)
        assert all(first[1] <= second[0] for first, second in pairwise(intervals))


@pytest.mark.parametrize("cell_line", CELL_LINES)
def test_most_peaks_hold_a_bound_site_and_most_bound_sites_a_peak(simulated, truth, cell_line):
    peaks = read_narrowpeak(simulated / f"{cell_line}.narrowPeak", CHROMOSOMES)
    bound = truth[truth[f"{cell_line}.bound"] == 1]
    pairs = bound.merge(peaks, on="chrom", suffixes=("", "_peak"))
    held = pairs[(pairs.start >= pairs.start_peak) & (pairs.end <= pairs.end_peak)]
    assert len(held) > 0.85 * len(peaks)
    assert len(held) > 0.75 * len(bound)  # of some 30, of which 5 % are missed


def test_coverage_covers_the_genome_and_leaves_zeros_out(simulated, sequences):
    for cell_line in CELL_LINES:
        with pyBigWig.open(str(simulated / f"{cell_line}.bigWig")) as bigwig:
            assert bigwig.chroms() == CHROMOSOMES
        for chrom, sequence in sequences.items():
            coverage = read_coverage(simulated, cell_line, chrom)
            stored = coverage[np.isfinite(coverage)]
            assert (stored > 0).all() and (stored == stored.round()).all()
            assert np.isnan(coverage[:1000]).all() and sequence[:1000] == "N" * 1000


def test_sequencing_depth_differs(simulated):
    alpha, beta = (
        np.nanmedian(
            np.nan_to_num(read_coverage(simulated, line, "chr1"))[5000:-5000].reshape(-1, 60).sum(1)
        )
        for line in CELL_LINES
    )
    assert max(alpha, beta) > 1.05 * min(alpha, beta)


def test_open_sites_are_accessible_and_bound_ones_leave_a_footprint(simulated, truth):
    for line in CELL_LINES:
        mean = {}
        for bound, sites in truth[truth[f"{line}.open"] == 1].groupby(f"{line}.bound"):
            coverage = {c: np.nan_to_num(read_coverage(simulated, line, c)) for c in CHROMOSOMES}
            middle = (sites.start + sites.end) // 2
            around = [
                coverage[c][m - 40 : m + 41] for c, m in zip(sites.chrom, middle, strict=True)
            ]
            mean[bound] = np.mean(around, axis=0)
        flanks = np.r_[5:21, 60:76]
        assert mean[1][37:44].mean() < 0.6 * mean[1][flanks].mean()
        assert mean[0][37:44].mean() > 0.8 * mean[0][flanks].mean()
        closed = truth[truth[f"{line}.open"] == 0]
        depth = np.mean(
            [coverage[c][s:e].mean() for c, s, e in closed[["chrom", "start", "end"]].values]
        )
        assert depth < 0.3 * mean[0].mean()


def test_a_short_chromosome_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"chrM.*16569 bases.*ask for"):
        simulate(tmp_path, chromosomes={"chrM": 16_569})


def test_a_file_without_a_motif_is_refused(tmp_path):
    empty = tmp_path / "empty.meme"
    empty.write_text("MEME version 4\n")
    with pytest.raises(InputError, match=r"empty\.meme"):
        simulate_genome(tmp_path, empty, 1, CELL_LINES, CHROMOSOMES)


def test_the_shortest_chromosome_allowed(tmp_path):
    assert contents(simulate(tmp_path, chromosomes={"chr1": 20_000}))


def test_a_cell_line_as_reads_has_the_cuts_of_its_coverage(simulated, tmp_path):
    simulate_genome(tmp_path, CTCF, 1, ["alpha"], CHROMOSOMES, ["beta"])
    made = contents(tmp_path)
    assert set(made) == {
        *("genome.fa.gz", "truth.tsv", "alpha.bigWig", "alpha.narrowPeak", "beta.bam")
    }
    assert made["truth.tsv"] == contents(simulated)["truth.tsv"]
    settings = {"counts": "assay", "shift": None, "smoothing": 12, "min_mapping_quality": 30}
    settings |= dict.fromkeys(("duplicates", "unpaired", "secondary"), False)
    counted = tmp_path / "beta.bigWig"
    count_reads(counted, tmp_path / "beta.bam", CHROMOSOMES, "atac", settings)
    for chrom in CHROMOSOMES:
        whole = np.nan_to_num(read_coverage(simulated, "beta", chrom))
        found = np.nan_to_num(read_coverage(tmp_path, "beta", chrom))
        assert (found <= whole).all() and found.sum() > 0.9 * whole.sum()
