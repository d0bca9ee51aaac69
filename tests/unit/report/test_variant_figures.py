"""The page of variants, from a table and what is kept of the largest changes."""

import numpy as np
import pandas as pd
import pytest
from leopard.interpretation.haplotypes import Variant
from leopard.interpretation.variant_examples import DRAWN, EXAMPLES, Example
from leopard.report import variant_figures
from leopard.report.variant_figures import BINS, plot_variants, read_scores

SCORES = {"chr1": [0.1, -2.0, 3.0, 0.0], "chr2": [0.2, -9.0]}


@pytest.fixture
def table(tmp_path):
    rows = []
    for chrom, scores in SCORES.items():
        for number, score in enumerate(scores):
            rows.append((chrom, 100 + number, "A", "C", f"{chrom}_{number}", score, 0.25))
        rows.append((chrom, 900, "A", "<DEL>", ".", None, None))
    columns = ["chr", "pos", "allele1", "allele2", "variant_id", "floored_difference"]
    path = tmp_path / "table.tsv"
    whole = pd.DataFrame(rows, columns=[*columns, "floored_difference.qval"])
    whole.to_csv(path, sep="\t", index=False)
    return path


def example(chrom, number):
    tracks = np.full((3, 41), 0.5)
    tracks[1, 20] = 0  # of a deletion
    variant = Variant(99 + number, 100 + number, np.array([1], np.uint8))
    return Example(chrom, number, variant, SCORES[chrom][number] / 2, 20, tracks)


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_the_page(table, monkeypatch, rows):
    monkeypatch.setattr(variant_figures, "ROWS", rows)
    examples = [example("chr1", 1), example("chr1", 2), example("chr2", 1)]
    shown = read_scores(table, 3.0, examples)
    assert shown.edges[[0, -1]].tolist() == [-9, 9]
    scores = [x for own in SCORES.values() for x in own]
    assert shown.counts.tolist() == np.histogram(scores, BINS, (-9, 9))[0].tolist()
    letters = {x.key: np.full((2, 2 * DRAWN + 1, 4), 0.1) for x in examples}
    letters["chr2:1"][0, DRAWN, 2] = 3
    random = np.linspace(-1, 1, 50)
    figure = plot_variants(shown, random, examples, letters, "Variants", "accessibility")
    titles = [x.get_title(loc="left") for x in figure.axes]
    assert [x for x in titles if "chr" in x] == [
        "chr1_2, chr1:102 A>C\nscore +3.00, q 0.25, sum +1.50",
        "chr2_1, chr2:101 A>C\nscore -9.00, q 0.25, sum -4.50",
        "chr1_1, chr1:101 A>C\nscore -2.00, q 0.25, sum -1.00",
    ]
    parts = [part for block in figure.subfigs for part in block.subfigs]
    texts = [text.get_text() for part in parts for text in part.texts]
    assert texts.count("no other gain") == EXAMPLES - 1
    assert texts.count("no other loss") == EXAMPLES - 2
    # Both alleles of a variant on one scale, which is its own.
    limits = [x.get_ylim() for x in figure.axes if "(logit)" in x.get_ylabel()]
    assert limits[::2] == limits[1::2] and sum(high > 3 for _, high in limits) == 2
    lines = next(x for x in figure.axes if "chr2_1" in x.get_title(loc="left")).lines
    assert np.isnan(lines[1].get_ydata()[20]) and not np.isnan(lines[0].get_ydata()).any()


def test_a_page_without_any_change(table):
    shown = read_scores(table, 1e-3, [])
    figure = plot_variants(shown, np.empty(0), [], {}, "Variants", "accessibility")
    assert not figure.legends
