"""The pages of a study that only decodes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from leopard.evaluation.portrait import REACH
from leopard.genome.bigwig_writer import Steps, open_writer, pack
from leopard.report.decoding_pages import (
    SHOWN,
    card_page,
    compare_signals,
    decoding_page,
    regions_page,
    summarise_decoding,
)
from leopard.report.likeness_pages import likeness_page, plot_profile, read_likeness

MEASURES = {"bases": 9, "mean": 2.0, "covered": 0.4, "q99": 20.0}


@pytest.fixture
def bundle():
    """As much of a bundle as pages look at."""
    tracks = {"accessibility": {"measures": {"a": MEASURES}}}
    card = "# <b>CTCF</b> & more\n"
    return SimpleNamespace(
        manifest={"tf": "CTCF", "tracks": tracks}, threshold=0.25, card=card, name="CTCF unet"
    )


def test_what_was_decoded(bundle, tmp_path):
    with open_writer(tmp_path / "b.bigWig", {"chr1": 1000, "chr2": 500}) as bigwig:
        bigwig.write(pack(0, [Steps(0, 1, np.full(1000, 0.5, np.float32))]))
        bigwig.write(pack(1, [Steps(0, 1, np.full(100, 1, np.float32))]))
    calls = tmp_path / "b.narrowPeak"
    calls.write_text("chr1\t10\t32\tx\t0\t.\t1\t-1\t-1\t4\nchr2\t0\t33\ty\t0\t.\t1\t-1\t-1\t4\n")
    summary = summarise_decoding(
        [("ctcf", "b")], {"ctcf": bundle}, [tmp_path / "b.bigWig"], [calls]
    )
    row = summary.iloc[0]
    assert (row["chromosomes"], row["bases"], row["sites"]) == ("chr1, chr2", 1100, 2)
    assert row["called"] == pytest.approx(55 / 1100) and row["expected"] == pytest.approx(600)
    measures = tmp_path / "b.measures.tsv"
    table = pd.DataFrame([{"cell_line": "b", "track": "accessibility", **MEASURES, "mean": 3.0}])
    table.to_csv(measures, sep="\t", index=False)
    signals = compare_signals([("ctcf", "b")], {"ctcf": bundle}, [measures])
    assert signals["role"].to_list() == ["training", "this study"]
    assert signals["mean"].to_list() == [2.0, 3.0]
    page = decoding_page(summary, signals)
    assert "chr1, chr2" in page and "5.000%" in page and page.count('class="marked"') == 1


def test_a_card_is_text_and_nothing_else(bundle):
    assert "# &lt;b&gt;CTCF&lt;/b&gt; &amp; more" in card_page(bundle)


def test_the_best_regions():
    n = SHOWN + 2
    regions = pd.DataFrame({"chrom": "chr1", "start": range(n), "end": range(1, n + 1)})
    regions = regions.assign(largest=np.arange(n) / n, position=0, mean=0.1, called=0, sites=0)
    page = regions_page(regions)
    assert f"{SHOWN} of {n} regions" in page and page.count("<tr") == SHOWN + 1
    assert page.index(f'"number">{n - 1}<') < page.index('"number">2<')


def test_verdicts_of_all_lines(tmp_path):
    paths = []
    for line, verdict, against in (
        ("b.1", "like the training cell lines", ""),
        ("c", "doubtful", "it was scaled"),
    ):
        path = tmp_path / f"ctcf/{line}.likeness.tsv"
        path.parent.mkdir(exist_ok=True)
        row = {"track": "accessibility", "verdict": verdict, "against": against, "depth": 2.0}
        row |= dict.fromkeys(("unit", "centre", "error", "enrichment", "with_motif"))
        pd.DataFrame([row]).to_csv(path, sep="\t", index=False)
        paths.append(path)
    likeness = read_likeness(paths)
    assert likeness["cell_line"].to_list() == ["b.1", "c"] and set(likeness["model"]) == {"ctcf"}
    page = likeness_page(likeness)
    assert "it was scaled" in page and page.count('class="marked"') == 1 and "nan" not in page


@pytest.mark.parametrize("hits", [9, 400])
def test_the_profile(bundle, hits):
    profile = [1.0] * (2 * REACH + 1) if hits > 200 else []
    painted = {"tracks": {"accessibility": {"hits": hits, "profile": profile}}}
    manifest = bundle.manifest | {"portraits": {"a": painted}, "motif": {"name": "MA0139.1"}}
    figure = plot_profile(manifest, painted, "b")
    (axes,) = figure.axes
    shown = [x.get_label() for x in axes.lines]
    assert shown == (["a (training)", "b"] if profile else [])
    assert bool(axes.texts) != bool(profile)
    assert "MA0139.1" in figure.get_suptitle()
