"""Two ways to do the same work, timed in turns, so that a machine that slows down slows both."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

HEADER = "contest\tours\treference\tmedian ratio\trange"


def contest(name: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> None:
    """Alternate the two, each returning a rate, and print the ratio ours / theirs."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    ratios = sorted(a / b for a, b in pairs)
    print(
        f"{name}\t{statistics.median(a for a, _ in pairs):.1f}"
        f"\t{statistics.median(b for _, b in pairs):.1f}\t{statistics.median(ratios):.2f}"
        f"\t{ratios[0]:.2f}-{ratios[-1]:.2f}",
        flush=True,
    )


def rate(n: float, work: Callable[[], object]) -> float:
    """How many of n things per second `work` gets done."""
    began = time.perf_counter()
    work()
    return n / (time.perf_counter() - began)
