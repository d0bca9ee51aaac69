"""A study of bundles as an object: what it is asked, and what it refuses, without a job."""

from pathlib import Path

import pytest
import yaml
from leopard.errors import InputError
from leopard.study.decoded import has_bundles
from leopard.study.opening import choose_factor, open_decoding

SCHEMAS = Path(__file__).resolve().parents[3] / "workflow/schemas"
CONFIG = """
study: mine
models:
  ctcf: {bundle: ctcf.zip}
  reb1: {bundle: "https://x.org/a/unet.zip?key=1", checksum: "sha256:%s"}
  rap1: {bundle: "https://x.org/b/unet.zip"}
genome: {fasta: genome.fa}
signals: signals.tsv
"""
CONFIG %= "0" * 64
SIGNALS = (
    "cell_line\treplicate\tsignal\ttrack\tassay\n"
    "a\t1\ta.bw\t\t\na\t2\ta.bam\t\tatac\na\t1\tm.bw\tmnase\t\nb\t1\tb.bw\t\t\n"
)


LABELS = "tf\tcell_line\tlabels\nctcf\ta\ta.peaks\nrap1\ta\tr.peaks\n\tb\tb.peaks\n"


def open_mine(signal_rows=SIGNALS, label_rows=LABELS, **changes):
    """Open the study here, its config changed key by key."""
    Path("signals.tsv").write_text(signal_rows)
    Path("labels.tsv").write_text(label_rows)
    config = yaml.safe_load(CONFIG) | changes
    assert has_bundles(config)
    choose_factor(config, SCHEMAS / "config.schema.yaml")
    return open_decoding(config, SCHEMAS)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_mine


def test_what_is_decoded_with_what(opened):
    study = opened()
    assert study.cell_lines == ["a", "b"] and study.models == ["ctcf", "reb1", "rap1"]
    assert study.bundles == {
        "ctcf": "ctcf.zip",
        "reb1": "results/mine/inputs/bundle/reb1.zip",
        "rap1": "results/mine/inputs/bundle/rap1.zip",
    }
    assert study.checksums == {"ctcf": None, "reb1": f"sha256:{'0' * 64}", "rap1": None}
    download = study.sources.downloads["results/mine/inputs/bundle/reb1.zip"]
    assert download == {
        "url": "https://x.org/a/unet.zip?key=1",
        "checksum": f"sha256:{'0' * 64}",
    }
    assert study.counted_as == ["ctcf.zip"]
    assert study.raw_signals["a"] == {
        "accessibility": ["a.bw", "results/mine/signals/reads/a/accessibility/2.bigWig"],
        "mnase": ["m.bw"],
    }
    assert study.shared_checks == [
        f"results/mine/checks/{x}.tsv"
        for x in ("genome", "a.accessibility", "a.mnase", "b.accessibility")
    ]
    assert study.checks[-1] == "results/mine/checks/rap1.bundle.tsv"
    assert study.decoded == [] and study.regions == [] and not study.other_genome
    assert study.kinds == ["bigWig", "narrowPeak"]


def test_chromosomes_regions_and_another_genome(opened):
    genome = {"fasta": "genome.fa", "other": True}
    study = opened(chromosomes=[1, "X"], genome=genome)
    assert study.decoded == ["1", "X"] and study.other_genome
    study = opened(regions="https://x.org/sites.bed")
    assert study.regions == ["results/mine/inputs/regions/sites.bed"]
    assert study.kinds[-1] == "regions.tsv"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"windows": {"length": 2048}},
            "config (windows): a study with bundles decodes; it trains nothing; leave that key out",
        ),
        ({"tf": "CTCF"}, "config (tf): a study with bundles decodes"),
        ({"labels": {"sheet": "l.tsv", "mode": "motif"}}, "config (labels.mode): 'motif' is not"),
        ({"labels": {"sheet": "l.tsv", "mode": "peaks"}}, "l.tsv: no such sample sheet"),
        ({"label": 1}, "'label' was unexpected"),
        ({"models": {"a": {"bundle": "a.zip"}, "unet": {}}}, "models.unet): 'bundle' is a"),
        (
            {"models": {"a": {"bundle": "a.zip", "checksum": "sha256:12"}}},
            "models.a.checksum): 'sha256:12' does not match",
        ),
        ({"models": {"motif": {"bundle": "a.zip"}}}, "model motif: a name that the workflow"),
        ({"models": {"a": {"bundle": "s3://x/a.zip"}}}, "s3://x/a.zip: cannot be downloaded"),
        ({"chromosomes": ["chr1"], "regions": "a.bed"}, "it has regions and chromosomes"),
        ({"chromosomes": ["all"]}, "chromosome all: a name that the workflow itself uses"),
        ({"signals": "nothing.tsv"}, "nothing.tsv: no such sample sheet"),
        ({"genome": {}}, "config (genome): 'fasta' is a required property"),
    ],
)
def test_what_it_refuses(opened, changes, line):
    with pytest.raises(InputError) as refused:
        opened(**changes)
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_labels_of_one_bundle_and_of_all(opened):
    assert opened().label_files == {}
    labels = {"sheet": "labels.tsv", "mode": "peaks"}
    study = opened(labels=labels)
    assert study.label_files == {
        ("ctcf", "a"): "a.peaks",
        ("rap1", "a"): "r.peaks",
        **{(model, "b"): "b.peaks" for model in ("ctcf", "reb1", "rap1")},
    }
    assert study.checks[-1] == "results/mine/checks/rap1.b.labels.tsv"
    assert study.label_track("ctcf", "a") == "results/mine/labels/ctcf/a.bigWig"
    study = opened(labels=labels | {"mode": "bigwig"})
    assert study.label_track("ctcf", "a") == "a.peaks"
    study = opened(label_rows=f"{LABELS}\tc\tc.peaks\n", labels=labels)
    assert len(study.label_files) == 5 and "row c is left out" in study.warnings[0]
    for rows, line in (
        ("foxa1\ta\ta.peaks\n", "tf foxa1 is no bundle; name one: ctcf, reb1, rap1"),
        ("\ta\ta.peaks\n", "cell line a has rows for all bundles and for one"),
    ):
        with pytest.raises(InputError, match=line):
            opened(label_rows=LABELS + rows, labels=labels)


@pytest.mark.parametrize("models", [None, [], {"unet": None}, {"unet": {"weights": "a.h5"}}, 3])
def test_other_studies_are_not_taken_for_one(models):
    assert not has_bundles({"models": models})
    assert not has_bundles({})
