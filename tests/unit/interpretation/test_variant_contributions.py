"""Contributions of both alleles, against whole haplotypes that are explained in one window."""

import numpy as np
import pytest
from conftest import SIZES
from leopard.decoding.decoder import Decoder
from leopard.genome.tracks import Tracks, encode_sequence
from leopard.interpretation.contributions import Explainer, Windows
from leopard.interpretation.haplotypes import Variant, trace
from leopard.interpretation.variant_contributions import BATCH, NEAR, explain_alleles
from leopard.interpretation.variant_examples import (
    DRAWN,
    Example,
    Examples,
    list_best,
    read_examples,
    read_letters,
    write_letters,
)

COMPOSITION = np.array([0.3, 0.2, 0.2, 0.3])
CHROM = "chr2"


def code(*letters):
    return np.array(letters, np.uint8)


VARIANTS = [
    Variant(0, 1, code(2)),
    Variant(700, 701, code(1)),
    Variant(703, 703, code(0, 1, 2)),
    Variant(710, 714, code()),
    Variant(SIZES[CHROM] - 1, SIZES[CHROM], code(0)),
]


@pytest.fixture(scope="module")
def decoder(networks):
    return Decoder(networks[:1], 4096, 2, both_strands=True)


@pytest.fixture(scope="module")
def found(decoder, genome):
    examples = [Example(CHROM, i, x, 1.0, 5, np.zeros((3, 1))) for i, x in enumerate(VARIANTS)]
    tracks = Tracks(genome.fasta, genome.signal_files)
    return explain_alleles(examples, decoder, tracks, COMPOSITION)


def explain_whole(decoder, codes, signal, start, end):
    """Letters around a base of a sequence, the sequence explained in one window."""
    padded = -(-len(codes) // 32) * 32 - len(codes)
    site = np.zeros(len(codes) + padded, np.float32)
    site[max(start - NEAR, 0) : min(end + NEAR, len(codes))] = 1
    windows = Windows(
        np.pad(codes, (0, padded), constant_values=4)[None],
        np.pad(signal, (0, padded))[None, :, None],
        site[None],
    )
    explainer = Explainer(decoder.networks, COMPOSITION, decoder.both_strands, BATCH)
    observed = explainer.explain(windows).observed(windows.codes)[0]
    letters = np.zeros((2 * DRAWN + 1, 4))
    for place in range(max(start - DRAWN, 0), min(start + DRAWN + 1, len(codes))):
        if codes[place] < 4:
            letters[place - start + DRAWN, codes[place]] = observed[place]
    return letters


@pytest.mark.parametrize("number", range(len(VARIANTS)))
def test_both_alleles_are_explained_in_their_own_haplotypes(decoder, genome, found, number):
    start, end, inserted = variant = VARIANTS[number]
    codes = encode_sequence(genome.sequences[CHROM])
    signal = sum(np.nan_to_num(x[CHROM]) for x in genome.signals).astype(np.float32)
    other = np.concatenate([codes[:start], inserted, codes[end:]])
    carried = signal[trace(variant, np.arange(len(other)))]
    one = explain_whole(decoder, codes, signal, start, end)
    two = explain_whole(decoder, other, carried, start, start + len(inserted))
    letters = found[f"{CHROM}:{number}"]
    assert np.abs(one).max() > 1e-3
    scale = max(np.abs(one).max(), np.abs(two).max())
    np.testing.assert_allclose(letters[0], one, atol=0.02 * scale)
    np.testing.assert_allclose(letters[1], two, atol=0.02 * scale)


def test_the_largest_changes_are_read_as_they_were_written(tmp_path):
    paths = []
    for chrom in ("chr1", "chr2"):
        examples = Examples(chrom, 5)
        scores = np.array([0.5, -0.2, 0.1, -3.0, 0.0])
        examples.add(7, VARIANTS, scores, np.arange(3 * 5 * 11.0).reshape(3, 5, 11))
        paths.append(tmp_path / f"{chrom}.npz")
        examples.write(paths[-1], {"same_length": np.ones(2)})
    kept = read_examples(paths[0])
    assert [x.number for x in kept] == [7, 9, 10, 8]
    for example in kept:
        wanted = VARIANTS[example.number - 7]
        assert example.variant[:2] == wanted[:2]
        np.testing.assert_array_equal(example.variant.inserted, wanted.inserted)
    best = [x.key for x in list_best(paths)]
    assert best == ["chr1:7", "chr2:7", "chr1:9", "chr1:10", "chr2:10", "chr1:8"]
    letters = {key: np.full((2, 3, 4), i) for i, key in enumerate(best)}
    write_letters(tmp_path / "letters.npz", letters)
    again = read_letters(tmp_path / "letters.npz")
    assert list(again) == best and (again["chr1:8"] == 5).all()
