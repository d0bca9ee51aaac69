"""Motifs as databases and tools write them, from text to a matrix.

Read are MEME; what follows a ">" (JASPAR's four rows; a position a line, as HOMER, GimmeMotifs and
HOCOMOCO have it), the same without that line; and tables headed A C G T (CIS-BP, TRANSFAC). Four
rows of four columns that could be either are refused, not guessed.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

BASES = ["A", "C", "G", "T"]
FORMATS = "MEME, JASPAR, HOMER, HOCOMOCO's pcm, TRANSFAC or CIS-BP"
PSEUDOCOUNT = 0.01  # per base
SAME = 0.01  # by which share sums may differ that are the same but for rounding
JASPAR_NAME = re.compile(r"[A-Z]{2}\d{4}\.\d+ ")


def split_motifs(text: str) -> list[str]:
    r"""The motifs of a database, each as the text of a motif file.

    Example:
        >>> split_motifs(">one\n1 2\n>two\n3 4\n")
        ['>one\n1 2', '>two\n3 4']
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    mark = next((x for x in ("MOTIF", ">") if any(line.startswith(x) for line in lines)), None)
    if mark is None:  # TRANSFAC's, which // ends, or a single one
        return [x for x in re.split(r"^//.*$", "\n".join(lines), flags=re.M) if x.strip()]
    starts = [i for i, line in enumerate(lines) if line.startswith(mark)]
    return ["\n".join(lines[x:y]) for x, y in zip(starts, [*starts[1:], None], strict=True)]


def parse_motif(text: str) -> tuple[str, np.ndarray]:
    """Find the first motif in the text of a motif file.

    Returns:
        Its name (none in some formats), and the probability of each base: float64 [4, width], rows
        A C G T; what does not add up to 1 is counts, normalised with `PSEUDOCOUNT`. The width is 0
        where there is no motif.

    Raises:
        ValueError: Why it is none.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if any(re.match(r"MEME version|MOTIF\b|letter-probability", line) for line in lines):
        name, matrix = _parse_meme(lines)
    elif heads := [i for i, line in enumerate(lines) if _is_head(line.split())]:
        name, matrix = _parse_headed(lines, heads[0])
    else:
        name, matrix = _parse_plain(lines)
    if len(matrix) != len(BASES):
        raise ValueError("not four numbers for each position")
    if (matrix < 0).any():
        raise ValueError("negative numbers, as of log-odds; give counts or probabilities")
    total = matrix.sum(axis=0)
    if not (np.isfinite(matrix).all() and (total > 0).all()):
        raise ValueError("numbers that are no counts or probabilities")
    if np.abs(total - 1).max(initial=0) > SAME:
        matrix = matrix + PSEUDOCOUNT
    return name, matrix / matrix.sum(axis=0)


def measure_information(matrix: np.ndarray) -> np.ndarray:
    """The information of a motif, by which its letters are drawn, in bits.

    Schneider & Stephens, Nucleic Acids Research 1990, with bases that are equally frequent.

    Args:
        matrix: Letter probabilities, [4, width], rows A C G T.

    Returns:
        float64 [width, 4].

    Example:
        >>> measure_information(np.array([[1, 0.25], [0, 0.25], [0, 0.25], [0, 0.25]])).tolist()
        [[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    bits = np.log2(len(BASES)) + np.sum(matrix * np.log2(np.maximum(matrix, 1e-9)), axis=0)
    return (matrix * bits).T


def format_meme(motifs: Iterable[tuple[str, np.ndarray]], about: Sequence[str] = ()) -> str:
    """The text of a MEME file.

    Args:
        motifs: Names, and counts or probabilities, [4, width], rows A C G T.
        about: Lines of comment.
    """
    lines = [
        *("MEME version 4", "", *(f"# {x}" for x in about), *[""] * bool(about)),
        *("ALPHABET= ACGT", "", "strands: + -", ""),
        *("Background letter frequencies", "A 0.25 C 0.25 G 0.25 T 0.25", ""),
    ]
    for name, counts in motifs:
        totals = counts.sum(axis=0)
        sites = f"nsites= {totals[0]:.0f} E= 0"
        lines += [
            f"MOTIF {name}",
            f"letter-probability matrix: alength= {len(BASES)} w= {len(totals)} {sites}",
            *(" ".join(f"{x:.6f}" for x in column) for column in (counts / totals).T),
        ]
        if JASPAR_NAME.match(name):
            lines.append(f"URL https://jaspar.elixir.no/matrix/{name.split()[0]}")
        lines.append("")
    return "\n".join(lines)


def _parse_meme(lines: Sequence[str]) -> tuple[str, np.ndarray]:
    """The first motif of a MEME file; its header need not tell the width."""
    name, rows = "", list[list[str]]()
    at = next((i for i, line in enumerate(lines) if line.startswith("MOTIF")), len(lines))
    for i, line in enumerate(lines[at:], at):
        if i == at:
            name = " ".join(line.removeprefix("MOTIF").split())
        elif line.startswith("MOTIF"):
            break
        elif line.startswith("letter-probability matrix"):
            rows = _numbers(lines[i + 1 :])
            width = re.search(r"\bw=\s*(\d+)", line)
            if width and len(rows) < int(width[1]):
                raise ValueError(f"{len(rows)} lines for a width of {width[1]}")
            return name, _matrix(rows[: int(width[1])] if width else rows).T
    return name, np.empty((4, 0))


def _parse_headed(lines: Sequence[str], head: int) -> tuple[str, np.ndarray]:
    """The first table headed A C G T, its columns numbered (CIS-BP, TRANSFAC) or not."""
    before = [line.split(maxsplit=1) for line in lines[:head]]
    known = {tokens[0]: tokens[1].strip() for tokens in before if len(tokens) == 2}
    name = next((known[key] for key in ("Motif", "ID", "NA", "AC", "DE") if key in known), "")
    numbered = len(lines[head].split()) > len(BASES)
    rows = [row[numbered : numbered + 4] for row in _numbers(lines[head + 1 :], consensus=True)]
    return name, _matrix(rows).T


def _parse_plain(lines: Sequence[str]) -> tuple[str, np.ndarray]:
    """The first motif after a ">", or of a file with nothing but numbers."""
    if not lines:
        return "", np.empty((4, 0))
    title = lines[0][1:] if lines[0].startswith(">") else None
    body = lines[title is not None :]
    end = next((i for i, line in enumerate(body) if line.startswith(">")), len(body))
    rows = [re.sub(r"[]\[|:]", " ", line).split() for line in body[:end]]
    letters = [row.pop(0) for row in rows if row and row[0] in BASES]
    matrix = _matrix(rows)
    if letters and letters != BASES:
        raise ValueError("rows not of A C G T, in this order")
    if not letters and _is_by_position(matrix, title or ""):
        matrix = matrix.T
    return " ".join((title or "").split()), matrix


def _is_by_position(matrix: np.ndarray, title: str) -> bool:
    """Whether rows are positions and columns the bases, not the other way round."""
    rows, columns = matrix.shape
    if rows != columns:
        return columns == len(BASES)
    if re.fullmatch(r"[^\t]*\t[^\t]*\t-?[\d.]+(\t.*)?", title):  # HOMER's
        return True
    even = [np.ptp(matrix.sum(axis=axis)) <= SAME * matrix.sum(axis=axis).max() for axis in (0, 1)]
    if even[0] == even[1]:
        raise ValueError("four rows of four columns, which may be either; give it as MEME")
    return even[1]


def _is_head(tokens: Sequence[str]) -> bool:
    """Whether a line has the columns' names: A C G T, after the positions' or alone."""
    named = [token.upper() for token in tokens]
    return named == BASES or (named[1:] == BASES and named[0] in ("POS", "PO", "P0"))


def _numbers(lines: Sequence[str], consensus: bool = False) -> list[list[str]]:
    """The lines up to the first that is not of numbers, which may end in a letter if it is so."""
    rows = []
    for line in lines:
        tokens = line.split()
        if consensus and tokens[-1].isalpha():
            tokens.pop()
        if not tokens or not all(re.match(r"[-+.]?\d", token) for token in tokens):
            break
        rows.append(tokens)
    return rows


def _matrix(rows: Sequence[Sequence[str]]) -> np.ndarray:
    if not rows or not rows[0]:
        return np.empty((0, 4))
    if len({len(row) for row in rows}) > 1:
        raise ValueError("lines of different lengths")
    try:
        return np.array(rows, dtype=float)
    except ValueError:
        raise ValueError("text where numbers should be") from None
