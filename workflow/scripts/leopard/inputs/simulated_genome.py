"""A simulated genome: isochores, CpG depletion, repeats, telomeres and gaps."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]  # A C G T = 0 1 2 3

# Genome, on the pattern of the human one. Lengths in bases.
ISOCHORE = (10_000, 50_000)  # range of lengths over which base composition is constant
ISOCHORE_GC = (0.37, 0.53)  # before CpG decay, which takes about 0.02
CPG_DECAY = 0.75  # CpGs lost; the human genome keeps about a quarter of those expected
REPEAT = (100, 600)  # range of lengths of soft-masked and other stretches
REPEAT_FRACTION = 0.35  # in lower case
TELOMERE = 2_000  # N at both ends of each chromosome
GAPS, GAP = 2, 1_000  # number and length of internal runs of N
LINE_WIDTH = 60


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """A random stream of its own for each seed and purpose."""
    return np.random.default_rng([seed, *"/".join(purpose).encode()])


def split(rng: np.random.Generator, length: int, widths: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Cut [length] bases into pieces of random widths: the number of the piece each lies in."""
    pieces = rng.integers(*widths, size=length // widths[0] + 1)
    return np.repeat(np.arange(len(pieces)), pieces)[:length]


def draw_gaps(rng: np.random.Generator, length: int) -> Mask:
    """Where the assembly is unknown, [length]: both ends and a few runs between."""
    gap = np.zeros(length, dtype=bool)
    gap[:TELOMERE] = gap[-TELOMERE:] = True
    for start in rng.integers(TELOMERE, length - TELOMERE - GAP, size=GAPS):
        gap[start : start + GAP] = True
    return gap


def draw_bases(rng: np.random.Generator, length: int) -> Codes:
    """Bases [length] with isochores, and CpGs decayed to TpG or CpA as methylation decays them."""
    isochore = split(rng, length, ISOCHORE)
    gc = rng.uniform(*ISOCHORE_GC, size=isochore[-1] + 1)[isochore]
    strong = rng.random(length) < gc
    second = rng.random(length) < 0.5
    codes = np.where(strong, 1 + second, 3 * second).astype(np.uint8)
    cpg = np.flatnonzero((codes[:-1] == 1) & (codes[1:] == 2))
    cpg = cpg[rng.random(len(cpg)) < CPG_DECAY]
    on_plus = rng.random(len(cpg)) < 0.5
    codes[cpg[on_plus]] = 3
    codes[cpg[~on_plus] + 1] = 0
    return codes


def draw_repeats(rng: np.random.Generator, length: int) -> Mask:
    """Which of the bases [length] are soft-masked."""
    piece = split(rng, length, REPEAT)
    return (rng.random(piece[-1] + 1) < REPEAT_FRACTION)[piece]


def format_fasta(name: str, codes: Codes, repeats: Mask, gap: Mask) -> bytes:
    """One FASTA record: repeats in lower case, gaps as N."""
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[codes]
    letters = np.where(gap, np.uint8(ord("N")), letters + np.uint8(32) * repeats)
    text = letters.tobytes()
    lines = (text[i : i + LINE_WIDTH] for i in range(0, len(text), LINE_WIDTH))
    return b">" + name.encode() + b"\n" + b"\n".join(lines) + b"\n"
