"""The form of tracks, against plain loops."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from leopard.decoding.condense import BACKGROUND_DIGITS, DIGITS, GAP, condense, round_digits


def round_one(value: float, digits: int) -> float:
    """To so many binary digits, half up, by fractions and exponents."""
    fraction, exponent = math.frexp(value)
    return math.ldexp(math.floor(fraction * 2**digits + 0.5), exponent - digits)


@given(st.floats(0, 1, width=32, allow_subnormal=False), st.integers(1, 23))
def test_rounding(value, digits):
    assert round_digits(np.float32([value]), digits).tolist() == [round_one(value, digits)]


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
    for first in range(0, len(exact), 16):
        block = exact[first : first + 16].tolist()
        low = len(block) == 16 and max(block) < background
        wanted = [sum(block) / 16] * 16 if low else block
        digits = BACKGROUND_DIGITS if low else DIGITS
        for value, near in zip(values[first:], wanted, strict=False):
            assert value == pytest.approx(near, rel=1.001 * 2.0**-digits)
            assert low or value == round_one(near, digits)
    assert {piece.span for piece in pieces} <= {1, 16}
    assert all(len(piece.values) > GAP for piece in pieces if piece.span == 16)


def test_nearly_all_of_background_is_in_blocks():
    exact = np.full(16 * 1000, 0.001, np.float32)
    exact[8000:8020] = 0.9
    pieces = condense(exact, 0.02)
    assert [(piece.start, piece.span) for piece in pieces] == [(0, 16), (8000, 1), (8032, 16)]
