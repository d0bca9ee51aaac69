"""Scores of variants against whole haplotypes, each through the networks in one pass."""

import numpy as np
import pytest
from conftest import SIZES, Genome, write_bigwig, write_fasta
from leopard.decoding.calibration import Calibration
from leopard.decoding.decoder import Decoder, predict_windows
from leopard.genome.tracks import Tracks, encode_sequence
from leopard.interpretation.haplotypes import Variant, normalise, trace
from leopard.interpretation.profiles import MEASURES
from leopard.interpretation.variant_scores import Scorer
from scipy.special import logit

FLANK, LONGEST = 60, 12
CALIBRATION = Calibration(low=1.2, high=0.9, shift=0.1, rate=0.55)  # its floor is 0.57


@pytest.fixture(scope="module")
def scorer(networks, genome):
    decoder = Decoder(networks, 4096, 2, both_strands=True)
    return Scorer(decoder, Tracks(genome.fasta, genome.signal_files), FLANK, LONGEST, CALIBRATION)


def score(scorer, chrom, variants):
    found = [measures for _, measures, _ in scorer.score(chrom, variants)]
    return [dict(zip(MEASURES, row, strict=True)) for row in np.concatenate(found)]


def draw_variants(genome: Genome, chrom: str, n: int, seed: int) -> list[Variant]:
    """SNVs, longer replacements, insertions and deletions, at both ends too, in order."""
    rng = np.random.default_rng(seed)
    size, codes = SIZES[chrom], encode_sequence(genome.sequences[chrom])
    starts = np.sort(np.concatenate([[0, 1, size - 1], rng.integers(0, size - 1, n - 3)]))
    variants = []
    for start in starts.tolist():
        replaced = int(rng.integers(0, min(LONGEST, size - start) + 1))
        inserted = rng.integers(4, size=rng.integers(0 if replaced else 1, LONGEST + 1))
        if rng.random() < 0.4:
            replaced, inserted = 1, (codes[start : start + 1] + rng.integers(1, 4)) % 4
        variants.append(Variant(start, start + replaced, inserted.astype(np.uint8)))
    return variants


def predict_whole(networks, codes, signal):
    """Probabilities of every base of a sequence, [members, bases], in one pass."""
    padded = -(-len(codes) // 32) * 32 - len(codes)
    codes, signal = np.pad(codes, (0, padded), constant_values=4), np.pad(signal, (0, padded))
    windows = codes[None], signal[None, :, None]
    members = [predict_windows([x], *windows, both_strands=True)[0] for x in networks]
    return np.stack(members)[:, : len(codes) - padded]


def expect(networks, genome, chrom, variant):
    """The measures of a variant, from both whole haplotypes."""
    codes = encode_sequence(genome.sequences[chrom])
    signal = sum(np.nan_to_num(x[chrom]) for x in genome.signals).astype(np.float32)
    start, end, inserted = variant
    other = np.concatenate([codes[:start], inserted, codes[end:]])
    carried = signal[trace(variant, np.arange(len(other)))]
    one = predict_whole(networks, codes, signal)
    two = predict_whole(networks, other, carried)
    first = max(start - FLANK, 0)
    one, two = one[:, first : end + FLANK], two[:, first : start + len(inserted) + FLANK]
    means = [CALIBRATION(x.mean(axis=0, dtype=np.float64)) for x in (one, two)]
    said = np.array([x.mean(axis=0, dtype=np.float64).max() for x in (one, two)])
    logits, floored = logit(said), logit(np.maximum(said, CALIBRATION.floor))
    members = [logit(x.max(axis=1).astype(np.float64)) for x in (one, two)]
    sums = [x.sum() for x in means]
    places = [first + means[0].argmax(), trace(variant, first + means[1].argmax()[None])[0]]
    # Bases of both alleles under each other, what one of them lacks as nothing.
    wide = max(end - start, len(inserted))
    rows = []
    for profile, length in zip(means, (end - start, len(inserted)), strict=True):
        left = start - first + length
        rows.append(np.concatenate([profile[:left], np.zeros(wide - length), profile[left:]]))
    p, q = (x / x.sum() for x in rows)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.nansum(x * np.log2(x / middle)) for x in (p, q)]
    return {
        **{"allele1_max": means[0].max(), "allele2_max": means[1].max()},
        **{"allele1_pos": places[0], "allele2_pos": places[1]},
        "logit_difference": logits[1] - logits[0],
        "logit_difference.sd": (members[1] - members[0]).std(),
        "floored_difference": floored[1] - floored[0],
        **{"allele1_sum": sums[0], "allele2_sum": sums[1], "sum_difference": sums[1] - sums[0]},
        "logfc": np.log2(sums[1] / sums[0]),
        "jsd": np.sqrt(sum(parts) / 2),
        "length_difference": len(other) - len(codes),
        "reference_accessibility": signal[first : end + FLANK].mean(),
    }


@pytest.mark.parametrize("chrom", ["chr2", "chr3", "chr4"])
def test_scores_are_those_of_whole_haplotypes(scorer, networks, genome, chrom):
    variants = draw_variants(genome, chrom, 12, seed=3)
    if chrom == "chr4":  # of 17 bases, less than the grid
        variants = [x for x in variants if x.end - x.start < 8]
    for variant, found in zip(variants, score(scorer, chrom, variants), strict=True):
        wanted = expect(networks, genome, chrom, variant)
        assert set(found) == set(wanted)
        for name, value in wanted.items():
            assert found[name] == pytest.approx(value, rel=1e-4, abs=2e-4), (name, variant)


def test_neighbours_share_the_reference_and_change_nothing(scorer, genome):
    variants = draw_variants(genome, "chr1", 40, seed=4)
    together = score(scorer, "chr1", variants)
    for number in (0, 7, 20, 39):
        (alone,) = score(scorer, "chr1", [variants[number]])
        for name, value in alone.items():
            assert together[number][name] == pytest.approx(value, abs=1e-4), name


@pytest.fixture
def with_insertion(genome, tmp_path):
    """A genome that has what a variant inserts into another, and that variant."""

    def make(variant):
        sequence, size = genome.sequences["chr1"], SIZES["chr1"] + variant.shift
        letters = "".join("ACGT"[code] for code in variant.inserted)
        other = sequence[: variant.start] + letters + sequence[variant.end :]
        source = trace(variant, np.arange(size))
        signals = [
            write_bigwig(tmp_path / f"{i}.bw", {"chr1": x["chr1"][source]})
            for i, x in enumerate(genome.signals)
        ]
        return Tracks(write_fasta(tmp_path / "other.fa", {"chr1": other}), signals), other

    return make


@pytest.mark.parametrize("start", [300, 5017, SIZES["chr1"] - 9])
def test_an_insertion_and_its_deletion_are_opposite(scorer, genome, with_insertion, start):
    sequence = genome.sequences["chr1"]
    codes = encode_sequence(sequence)
    read = lambda first, last: codes[first:last]  # noqa: E731
    insertion = normalise(start, codes[:0], encode_sequence("ACGGTCA"), read)
    other, longer = with_insertion(insertion)
    back = encode_sequence(longer)
    deletion = normalise(
        insertion.start,
        back[insertion.start : insertion.start + 7],
        back[:0],
        lambda first, last: back[first:last],
    )
    assert deletion[:2] == (insertion.start, insertion.start + 7)
    (put_in,) = score(scorer, "chr1", [insertion])
    elsewhere = Scorer(scorer.decoder, other, FLANK, LONGEST, CALIBRATION)
    (left_out,) = score(elsewhere, "chr1", [deletion])
    for name in ("logit_difference", "floored_difference", "sum_difference", "logfc"):
        assert abs(put_in[name]) > 1e-3 or name == "floored_difference"
        assert put_in[name] == pytest.approx(-left_out[name], abs=1e-4), name
    assert put_in["jsd"] == pytest.approx(left_out["jsd"], abs=1e-4)
    assert put_in["allele1_max"] == pytest.approx(left_out["allele2_max"], abs=1e-5)
    assert put_in["logit_difference.sd"] == pytest.approx(left_out["logit_difference.sd"], abs=1e-4)
