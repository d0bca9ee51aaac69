"""The form of tracks, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding.condense import (
    ALIKE,
    BACKGROUND_DIGITS,
    DIGITS,
    GAP,
    condense,
    round_digits,
)


def round_one(value: float, digits: int) -> float:
    """To so many binary digits, half up, by fractions and exponents."""
    fraction, exponent = math.frexp(value)
    return math.ldexp(math.floor(fraction * 2**digits + 0.5), exponent - digits)


@given(st.floats(0, 1, width=32, allow_subnormal=False), st.integers(1, 23))
def test_rounding(value, digits):
    assert round_digits(np.float32([value]), digits).tolist() == [round_one(value, digits)]


def average_blocks(exact, low):
    """What bases get before rounding, a list, and which are in blocks of background."""
    values, kept = [float(x) for x in exact], np.zeros(len(exact), bool)
    whole = len(values) // 8 * 8
    means = [math.fsum(map(float, exact[i : i + 8])) / 8 for i in range(0, whole, 8)]
    for size in (1, 2, 4, 8):
        for first in range(0, len(means) - size + 1, size):
            joined, bases = means[first : first + size], slice(8 * first, 8 * (first + size))
            if all(low[bases]) and max(joined) <= ALIKE * min(joined):
                values[bases] = [math.fsum(joined) / size] * 8 * size
                kept[bases] = True
    return values, kept


def spell_out(pieces, start=0):
    """A value of each base; pieces must follow each other."""
    values = []
    for piece in pieces:
        assert piece.start == start + len(values) and len(piece.values)
        values += [float(x) for x in piece.values for _ in range(piece.span)]
    return values


heights = st.sampled_from([0.0, 1e-5, 0.003, 0.0199, 0.02, 0.5, 1.0])


@given(
    st.lists(st.tuples(heights, st.integers(1, 700)), min_size=1, max_size=8),
    st.sampled_from([0.0, 0.02, 1.1]),
    st.integers(0, 100),
)
def test_every_base_has_its_value(stretches, background, seed):
    rng = np.random.default_rng(seed)
    exact = np.concatenate([height * rng.uniform(0.5, 1, n) for height, n in stretches])
    exact = exact.astype(np.float32)
    pieces = condense(exact, background, start=320)
    values = spell_out(pieces, start=320)
    assert len(values) == len(exact)
    wanted, low = average_blocks(exact, exact < background)
    for value, near, averaged in zip(values, wanted, low, strict=True):
        digits = BACKGROUND_DIGITS if averaged else DIGITS
        assert value == pytest.approx(near, rel=1.001 * 2.0**-digits)
        assert averaged or value == round_one(near, digits)
    assert {piece.span for piece in pieces} <= {1, 8}
    assert all(len(piece.values) > GAP for piece in pieces if piece.span == 8)


def test_nearly_all_of_background_is_in_blocks():
    exact = np.full(8 * 2000, 0.001, np.float32)
    exact[8000:8020] = 0.9
    pieces = condense(exact, 0.02)
    assert [(piece.start, piece.span) for piece in pieces] == [(0, 8), (8000, 1), (8024, 8)]


def test_background_is_finer_where_it_changes():
    """64 bases are one block, or their halves, or the halves of these, as they are alike."""
    exact = np.full(64 * 100, 0.001, np.float32)
    exact[640:648], exact[1280:1288] = 0.0019, 0.0021
    values = spell_out(condense(exact, 0.02))
    steps = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist()]
    assert steps == [0, 640, 704, 1280, 1288]
    assert values[640] == round_one((8 * 0.0019 + 56 * 0.001) / 64, BACKGROUND_DIGITS)
    assert values[1280] == round_one(0.0021, BACKGROUND_DIGITS)
