"""Integrated gradients: what each base, and what accessibility, adds to a site's logit.

The logit of a site is the value before the sigmoid, summed over the site's bases, and averaged
over members and, where they are predicted with both, strands. Let f(x, s) be that of a sequence and
of signals, r the reference of the sequence (each base as likely as in the genome), and 0 no signal
at all. What the sequence changes depends on whether the signals are there, and the other way round,
so that each has Shapley's mean over the two orders in which they can be put in (Shapley, in:
Contributions to the Theory of Games II, 1953):

    f(x, s) = f(r, 0) + sequence + accessibility
    sequence = ([f(x, s) - f(r, s)] + [f(x, 0) - f(r, 0)]) / 2
    accessibility = ([f(x, s) - f(x, 0)] + [f(r, s) - f(r, 0)]) / 2

Each bracket is the integral of the gradient along a straight line (integrated gradients:
Sundararajan, Taly & Yan, ICML 2017), which its two ends give exactly. The first one, the sequence
with the signals held, is also integrated, for it is what the single bases' contributions add up to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from leopard.genome.tracks import OTHER, reverse_complement
from leopard.interpretation.gradients import Opened, open_network

FIRST_STEPS, MOST_STEPS = 16, 512
"""Points of an integral at first, and at most; in between, twice as many each time."""

LARGEST_ERROR = 0.02
"""By how much of its change an integral may miss it before it is computed with more points."""

SMALL = 0.01
"""Logits a base of the site by which it may miss it anyway: of a change next to none, no number of
points gets within a share."""


@dataclass(frozen=True)
class Contributions:
    """What n sites' logits are made of. All values are in logits, summed over a site's bases.

    Attributes:
        hypothetical: What each base would add in place of the present one, the signals held,
            float32 [n, length, 4], columns A C G T. The present base's value is its contribution;
            where the sequence is unknown all four are 0.
        logit: f(x, s), float32 [n].
        reference: f(r, 0).
        sequence_alone: f(x, 0).
        signal_alone: f(r, s).
        steps: Points of the integral, int64 [n].
    """

    hypothetical: np.ndarray
    logit: np.ndarray
    reference: np.ndarray
    sequence_alone: np.ndarray
    signal_alone: np.ndarray
    steps: np.ndarray

    @property
    def with_signal(self) -> np.ndarray:
        """What the sequence adds with the signals there: the sum over bases, float32 [n]."""
        return self.logit - self.signal_alone

    @property
    def without_signal(self) -> np.ndarray:
        """What it adds without any, float32 [n]."""
        return self.sequence_alone - self.reference

    @property
    def sequence(self) -> np.ndarray:
        """The sequence's share, the mean of the two, float32 [n]."""
        return (self.with_signal + self.without_signal) / 2

    @property
    def accessibility(self) -> np.ndarray:
        """The signals' share, float32 [n]; with the sequence's and the reference, the logit."""
        return self.logit - self.reference - self.sequence

    def observed(self, codes: np.ndarray) -> np.ndarray:
        """The present bases' contributions, float32 [n, length], of codes uint8 [n, length]."""
        return observe(self.hypothetical, codes)

    def error(self, codes: np.ndarray) -> np.ndarray:
        """The completeness error: the share of `with_signal` that bases miss, float64 [n]."""
        return miss(self.observed(codes).sum(1), self.with_signal)


def observe(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Of four values a base, [..., 4], that of the present one, [...]; 0 where it is unknown."""
    padded = np.concatenate([values, np.zeros_like(values[..., :1])], axis=-1)
    return np.take_along_axis(padded, codes[..., None].astype(np.int64), -1)[..., 0]


def miss(found: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The completeness error: by which share of a change a sum misses it, float64 [n].

    Example:
        >>> miss(np.array([0.9, 0.0]), np.array([1.0, 0.0])).round(3).tolist()
        [0.1, 0.0]
    """
    found, change = found.astype(np.float64), change.astype(np.float64)
    return np.abs(found - change) / np.maximum(np.abs(change), np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Windows:
    """Windows to explain.

    Attributes:
        codes: uint8 [n, length], a length that the networks take.
        signals: float32 [n, length, arrays].
        site: float32 [n, length], 1 at the bases whose logits are summed, else 0.
    """

    codes: np.ndarray
    signals: np.ndarray
    site: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> "Windows":
        """Some of them."""
        return Windows(self.codes[rows], self.signals[rows], self.site[rows])

    def flip(self) -> "Windows":
        """The same on the opposite strand."""
        flipped = self.signals[:, ::-1], np.ascontiguousarray(self.site[:, ::-1])
        return Windows(reverse_complement(self.codes), *flipped)

    def darken(self) -> "Windows":
        """The same without any signal."""
        return Windows(self.codes, np.zeros_like(self.signals), self.site)


class Explainer:
    """Explains what an ensemble says of windows.

    Args:
        networks: Its members.
        composition: Shares of A, C, G and T in the genome: the reference of the sequence.
        both_strands: Whether the reverse complement is explained as well, and averaged.
        batch_size: Windows at once.

    Raises:
        InputError: A network cannot be taken apart.

    Example:
        >>> from leopard import build
        >>> explainer = Explainer([build("cnn", prior=0.1)], np.full(4, 0.25), True, batch_size=2)
        >>> codes = np.random.default_rng(1).integers(0, 4, (3, 64)).astype(np.uint8)
        >>> site = np.zeros((3, 64), np.float32)
        >>> site[:, 30:34] = 1
        >>> windows = Windows(codes, np.ones((3, 64, 1), np.float32), site)
        >>> explainer.explain(windows).hypothetical.shape
        (3, 64, 4)
    """

    def __init__(
        self,
        networks: Sequence[keras.Model],
        composition: np.ndarray,
        both_strands: bool,
        batch_size: int,
    ) -> None:
        self.opened = [open_network(network) for network in networks]
        # Of both strands together, so that the reference is the same on either.
        self.composition = (composition + composition[::-1]) / 2
        self.strands = (False, True) if both_strands else (False,)
        self.batch_size = batch_size

    def explain(self, windows: Windows) -> Contributions:
        """Explain windows, with as many steps for each as its completeness asks for."""
        dark = windows.darken()
        logit, sequence_alone = self.logits(windows), self.logits(dark)
        signal_alone, reference = self.logits(windows, unread=True), self.logits(dark, unread=True)
        hypothetical = np.zeros((*windows.codes.shape, OTHER), np.float32)

        def integrate(todo: np.ndarray, steps: int) -> np.ndarray:
            part = windows.take(todo)
            hypothetical[todo] = self.integrate(part, steps)
            return observe(hypothetical[todo], part.codes).sum(1)

        allowed = np.maximum(
            LARGEST_ERROR * np.abs(logit - signal_alone), SMALL * windows.site.sum(1)
        )
        steps = _refine(integrate, logit - signal_alone, allowed)
        return Contributions(hypothetical, logit, reference, sequence_alone, signal_alone, steps)

    def logits(self, windows: Windows, unread: bool = False) -> np.ndarray:
        """Logits of sites, float32 [n], with the reference's sequence where `unread` is true."""

        def compute(opened: Opened, batch: Windows) -> np.ndarray:
            encoded = opened.encode(batch.codes, batch.signals)
            if unread:
                encoded = self._unread(opened, encoded)
            return (opened.logits(encoded) * batch.site).sum(1, dtype=np.float64)

        return self._average(windows, compute, lambda values: values)

    def integrate(self, windows: Windows, steps: int) -> np.ndarray:
        """Hypothetical contributions, float32 [n, length, 4], of so many steps."""

        def compute(opened: Opened, batch: Windows) -> np.ndarray:
            encoded = opened.encode(batch.codes, batch.signals)
            start = self._unread(opened, encoded)
            slope = _integrate(opened, start, encoded, batch.site, steps)
            return slope[..., opened.base_channels]

        # Complement is the opposite order of A C G T.
        slope = self._average(windows, compute, lambda values: values[:, ::-1, ::-1])
        slope -= (slope * self.composition).sum(-1, keepdims=True)
        slope[windows.codes == OTHER] = 0
        return slope

    def _average(
        self,
        windows: Windows,
        compute: Callable[[Opened, Windows], np.ndarray],
        unflip: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Mean over networks and strands of what is computed of batches, float32 [n, ...].

        Args:
            windows: What to compute it of.
            compute: By a network, of a batch.
            unflip: Puts what is computed of the opposite strand in this one's order.
        """
        found = []
        for first in range(0, len(windows), self.batch_size):
            rows = np.arange(first, min(first + self.batch_size, len(windows)))
            # The last one again to make up for a full batch: networks are compiled once.
            batch = windows.take(np.pad(rows, (0, self.batch_size - len(rows)), "edge"))
            total: Any = 0
            for opened in self.opened:
                for flipped in self.strands:
                    values = compute(opened, batch.flip() if flipped else batch)
                    total = total + (unflip(values) if flipped else values)
            found.append((total / (len(self.opened) * len(self.strands)))[: len(rows)])
        return np.concatenate(found).astype(np.float32)

    def _unread(self, opened: Opened, encoded: np.ndarray) -> np.ndarray:
        """Windows with the reference's sequence: the composition, and nothing where it is unknown.

        So an unknown base, the same at both ends of the way, has no contribution.
        """
        blank = encoded.copy()
        known = encoded[..., :OTHER].sum(-1, keepdims=True)
        blank[..., opened.base_channels] = known * self.composition
        return blank


def _integrate(
    opened: Opened, start: np.ndarray, end: np.ndarray, weights: np.ndarray, steps: int
) -> np.ndarray:
    """Mean gradient on the way between two windows, float64 [batch, length, channels].

    The midpoint rule: what a network of rectifiers gives is linear in pieces.
    """
    total = np.zeros(end.shape, np.float64)
    for step in range(steps):
        point = start + np.float32((step + 0.5) / steps) * (end - start)
        total += opened.differentiate(point, weights)[1]
    return total / steps


def _refine(
    integrate: Callable[[np.ndarray, int], np.ndarray], change: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """Integrate with more and more steps where the sum misses the change, int64 [n] of steps.

    Args:
        integrate: Computes some windows, by number, with so many steps, and gives their sums.
        change: What the sums ought to be, [n].
        allowed: By how much they may miss that, [n].
    """
    used, todo, steps = np.zeros(len(change), np.int64), np.arange(len(change)), FIRST_STEPS
    while len(todo) and steps <= MOST_STEPS:
        used[todo] = steps
        todo = todo[np.abs(integrate(todo, steps) - change[todo]) > allowed[todo]]
        steps *= 2
    return used
