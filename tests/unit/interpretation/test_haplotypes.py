"""Variants in their one form, and the haplotypes that they make, against strings put together."""

import numpy as np
import pytest
from conftest import SIZES
from hypothesis import assume, given
from hypothesis import strategies as st
from leopard.genome.tracks import Tracks, encode_sequence
from leopard.interpretation.haplotypes import REFERENCE, Variant, normalise, read_haplotype, trace


def put(sequence, variant):
    """The haplotype as text."""
    letters = "".join("ACGT"[code] for code in variant.inserted)
    return sequence[: variant.start] + letters + sequence[variant.end :]


def normal(sequence, start, one, other):
    codes = encode_sequence(sequence)
    read = lambda first, last: codes[first:last]  # noqa: E731
    return normalise(start, encode_sequence(one), encode_sequence(other), read)


def same(one, other):
    return one[:2] == other[:2] and np.array_equal(one.inserted, other.inserted)


@given(st.text("AC", min_size=1, max_size=200), st.data())
def test_every_way_to_write_a_haplotype_has_one_form(sequence, data):
    start = data.draw(st.integers(0, len(sequence)))
    end = data.draw(st.integers(start, min(len(sequence), start + 6)))
    alternative = data.draw(st.text("AC", max_size=6))
    assume(alternative != sequence[start:end])
    variant = normal(sequence, start, sequence[start:end], alternative)
    whole = sequence[:start] + alternative + sequence[end:]
    assert put(sequence, variant) == whole
    # Written with bases of the reference around it, it is the same.
    left, right = data.draw(st.integers(0, start)), data.draw(st.integers(end, len(sequence)))
    wider = sequence[left:start] + alternative + sequence[end:right]
    assert same(normal(sequence, left, sequence[left:right], wider), variant)
    if variant.shift and not (len(variant.inserted) and variant.end > variant.start):
        # As an insertion or deletion at any other place with the same outcome, it is the same.
        n = abs(variant.shift)
        for place in range(len(sequence) + 1):
            if variant.shift > 0:
                other = Variant(place, place, encode_sequence(whole[place : place + n]))
            else:
                other = Variant(place, min(place + n, len(sequence)), np.empty(0, np.uint8))
            if put(sequence, other) == whole:
                assert place >= variant.start
                letters = "".join("ACGT"[code] for code in other.inserted)
                replaced = sequence[other.start : other.end]
                assert same(normal(sequence, place, replaced, letters), variant)


@given(st.text("ACGT", min_size=1, max_size=40), st.data())
def test_what_a_variant_puts_in_the_opposite_takes_out(sequence, data):
    start = data.draw(st.integers(0, len(sequence)))
    end = data.draw(st.integers(start, min(len(sequence), start + 6)))
    alternative = data.draw(st.text("ACGT", max_size=6))
    variant = normal(sequence, start, sequence[start:end], alternative)
    signal = np.arange(1, len(sequence) + 1)
    carried = signal[trace(variant, np.arange(len(sequence) + variant.shift))]
    replaced = encode_sequence(sequence[variant.start : variant.end])
    opposite = Variant(variant.start, variant.start + len(variant.inserted), replaced)
    back = carried[trace(opposite, np.arange(len(sequence)))] if len(carried) else signal
    shared = min(len(replaced), len(variant.inserted))
    kept = np.ones(len(sequence), bool)
    kept[variant.start + shared : variant.end] = False  # what is left out has no signal to carry
    np.testing.assert_array_equal(back[kept], signal[kept])


@pytest.fixture(scope="module")
def tracks(genome):
    return Tracks(genome.fasta, genome.signal_files)


@given(st.data())
def test_a_piece_of_a_haplotype(tracks, genome, data):
    chrom = data.draw(st.sampled_from(["chr2", "chr3", "chr4"]))
    size = SIZES[chrom]
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, min(size, start + 20)))
    inserted = encode_sequence(data.draw(st.text("ACGT", max_size=20)))
    variant = Variant(start, end, inserted)
    first = data.draw(st.integers(0, max(size + variant.shift - 1, 0)))
    last = data.draw(st.integers(first + 1, first + 300))
    codes, signals = read_haplotype(tracks, chrom, variant, first, last)
    reference = encode_sequence(genome.sequences[chrom])
    signal = sum(np.nan_to_num(x[chrom]) for x in genome.signals)
    whole = np.concatenate([reference[:start], inserted, reference[end:]])
    shared = min(end - start, len(inserted))
    beyond = signal[max(start + shared - 1, 0)] if len(inserted) > shared else 0
    if len(inserted) > shared and shared == 0:
        beyond = signal[max(start - 1, 0)]
    carried = np.concatenate(
        [
            signal[: start + shared],
            np.full(len(inserted) - shared, beyond, np.float32),
            signal[end:],
        ]
    )
    wanted = np.full(last - first, 4, np.uint8)
    wanted[: len(whole[first:last])] = whole[first:last]
    np.testing.assert_array_equal(codes, wanted)
    heights = np.zeros(last - first, np.float32)
    heights[: len(carried[first:last])] = carried[first:last]
    np.testing.assert_allclose(signals[:, 0], heights, rtol=1e-6)


def test_the_reference_is_a_haplotype(tracks):
    codes, signals = read_haplotype(tracks, "chr1", REFERENCE, 500, 900)
    np.testing.assert_array_equal(codes, tracks.codes("chr1", 500, 900))
    np.testing.assert_array_equal(signals, tracks.signals("chr1", 500, 900))
