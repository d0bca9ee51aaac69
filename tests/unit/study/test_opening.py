"""A study as an object: what it is asked, and what it refuses, without a job."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from leopard.errors import InputError
from leopard.study.browsable import list_browsable
from leopard.study.opening import choose_factor, open_study
from leopard.study.reads import Reads

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "workflow/schemas"
CONFIG = """
study: small
tf: CTCF
genome: {fasta: genome.fa}
signals: signals.tsv
labels: {sheet: labels.tsv, mode: peaks}
motif: motif.meme
chromosomes: {train: [chr1, chr2], validation: [chr3], test: [chr4]}
windows: {length: 512, train: 4, validation: 4, test: 4}
members:
  - {train: a, validation: b, seed: 1}
  - {train: a, validation: a, seed: 2}
"""
SIGNALS = "cell_line\treplicate\tsignal\na\t1\ta.bw\na\t2\ta2.bw\nb\t1\tb.bw\nc\t1\tc.bw\n"
LABELS = "cell_line\tlabels\na\ta.bed\nb\tb.bed\n"


def open_small(signal_rows=SIGNALS, label_rows=LABELS, **changes):
    """Open the small study here, its config changed key by key, and with other sheets."""
    Path("signals.tsv").write_text(signal_rows)
    Path("labels.tsv").write_text(label_rows)
    config = yaml.safe_load(CONFIG) | changes
    config = {key: value for key, value in config.items() if value != "absent"}
    choose_factor(config, SCHEMAS / "config.schema.yaml")
    return open_study(config, SCHEMAS)


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_small


def test_it_needs_neither_snakemake_nor_keras_nor_pandas():
    code = (
        "import sys, leopard.study.opening, leopard.study.browsable\n"
        "print(*{'snakemake', 'keras', 'tensorflow', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "workflow/scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""


def test_lines_members_and_roles(opened):
    study = opened()
    assert study.cell_lines == ["a", "b", "c"]
    assert study.labelled == ["a", "b"]
    assert list(study.members) == ["a-b-s1", "a-a-s2"]
    assert (study.trained_on, study.validation_lines) == (["a"], ["b", "a"])
    assert study.roles == {"a": "training, validation", "b": "validation"}
    assert study.title("b") == "CTCF in b (validation)"
    assert study.others("a") == ["b"]


READS = """cell_line	replicate	signal	assay	barcodes
a	1	a.bam	atac
a	2	a2.bw
b	1	http://x/cells.tsv.gz	atac	http://x/groups.tsv
c	1.5	c.bedGraph.gz
"""


def test_signals_that_are_counted_first(opened):
    study = opened(READS)
    made = "results/small/signals/reads"
    assert study.raw_signals == {
        "a": {"accessibility": [f"{made}/a/accessibility/1.bigWig", "a2.bw"]},
        "b": {"accessibility": [f"{made}/b/accessibility/1.bigWig"]},
        "c": {"accessibility": [f"{made}/c/accessibility/1.5.bigWig"]},
    }
    cells, groups = "results/small/inputs/signal/cells.tsv.gz", "results/small/inputs/barcodes"
    assert study.reads == {
        ("a", "accessibility", "1"): Reads("a.bam", "atac", []),
        ("b", "accessibility", "1"): Reads(cells, "atac", [f"{groups}/groups.tsv"]),
        ("c", "accessibility", "1.5"): Reads("c.bedGraph.gz", None, []),
    }
    assert set(study.sources.downloads) == {cells, f"{groups}/groups.tsv"}
    assert opened().reads == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "a.bam		",
            "cell line a: a.bam holds reads, but of which assay; say in a column assay",
        ),
        ("a.tsv.gz		", "a.tsv.gz holds reads, but of which assay"),
        ("a.bam	chip	", "'chip' is not one of ['atac', 'dnase', 'other']"),
        ("a.bw	atac	groups.tsv", "barcodes, but a.bw has none; leave that cell empty"),
        ("a.bdg	atac	groups.tsv", "barcodes, but a.bdg has none"),
    ],
)
def test_reads_that_are_not_told_enough_of(opened, row, message):
    rows = f"cell_line\treplicate\tsignal\tassay\tbarcodes\na\t1\t{row}\nb\t1\tb.bw\t\t\n"
    with pytest.raises(InputError) as caught:
        opened(rows, members=[{"train": "a", "validation": "b", "seed": 1}])
    assert message in str(caught.value)


def test_paths_of_a_study_of_one_and_of_several(opened):
    study = opened()
    assert study.shared == study.out == "results/small"
    assert study.factor_label == {}
    factors = {"CTCF": {"motif": "x.meme"}, "REST": None}
    study = opened(factors=factors)
    assert (study.shared, study.out) == ("results/small", "results/small/CTCF")
    assert study.motif == ["x.meme"]
    assert study.factor_label == {"factor": "CTCF"}
    assert study.fasta == "results/small/genome/genome.fa"
    assert study.label_track("a") == "results/small/CTCF/labels/a.bigWig"


def test_what_scores_are_read_from(opened):
    study = opened()
    assert study.baselines == ["accessibility", "motif", "motif_accessibility", "trees"]
    assert study.scores("motif", "a") == ["results/small/baselines/motif.bigWig"]
    assert study.scores("accessibility", "a") == ["a.bw", "a2.bw"]
    assert study.scores("trees", "a") == ["results/small/baselines/trees/a.bigWig"]
    assert study.scores("unet", "a") == ["results/small/predictions/unet/a.bigWig"]
    assert opened(motif=None).baselines == ["accessibility", "trees"]


def test_scaling_decides_what_is_read(opened):
    study = opened()
    measures = "results/small/signals/a.accessibility.measures.tsv"
    assert study.scale("a", "accessibility") == [measures]
    assert study.signals("a", ["accessibility"]) == {
        "accessibility": (["a.bw", "a2.bw"], [measures])
    }
    assert study.signal_inputs(["a"], ["accessibility"]) == ["a.bw", "a2.bw", measures]
    study = opened(signal_scaling="quantile", reference_line="b")
    normalised = "results/small/signals/a.accessibility.bigWig"
    assert study.signal_files("a", "accessibility") == [normalised]
    assert study.scale("a", "accessibility") == [] and study.measured == []
    assert study.unit("accessibility") == "normalised to b"


def test_a_ring_halves_the_training_chromosomes_for_each_seed(opened):
    ring = {"cell_lines": ["a", "b"], "seeds": [1, 2]}
    study = opened(members="absent", crisscross=ring)
    assert list(study.members) == ["a-b-s1", "b-a-s1", "a-b-s2", "b-a-s2"]
    for member in study.members.values():
        halves = member.chromosomes["train"] + member.chromosomes["validation"]
        assert sorted(halves) == ["chr1", "chr2"]
        assert member.chromosomes["test"] == ["chr4"]
    assert list(study.window_sets) == ["windows/s1", "windows/s2"]
    fast = opened(members="absent", crisscross=ring, prediction={"ensemble": "fast"})
    assert list(fast.members) == ["a-b-s1", "b-a-s1"]


def test_a_models_own_keys_win(opened):
    models = {
        "unet": {"epochs": 7},
        "cnn": {},
        "old": {"architecture": "unet", "weights": "w_{train}_{seed}.h5"},
    }
    study = opened(models=models, training={"epochs": 3, "fresh_windows": 9})
    assert study.settings("unet")["epochs"] == 7 and study.settings("cnn")["epochs"] == 3
    member = study.members["a-b-s1"]
    assert study.draw(study.settings("unet"), member) == {
        **{"chromosomes": ["chr1", "chr2"], "n": 9, "length": 512},
        "enriched": study.settings("unet")["enriched"],
        "signals": study.signals("a", ["accessibility"]),
    }
    recipe = study.recipe(study.settings("unet"), 5)
    assert recipe["seed"] == 5 and "fresh_windows" not in recipe
    assert study.trained == ["unet", "cnn"] == study.calibrated
    assert study.weights["old", "a-a-s2"] == "w_a_2.h5"
    assert study.sources.given["w_a_2.h5"] == "config (models.old.weights)"


def test_fresh_windows_need_what_they_are_cut_from(opened):
    study = opened()
    member = study.members["a-b-s1"]
    stored = study.window_files(member, study.settings("unet") | {"fresh_windows": False})
    assert set(stored) == {
        *("windows", "sequence", "training_signals", "training_labels"),
        *("validation_signals", "validation_labels"),
    }
    fresh = study.window_files(member, study.settings("unet") | {"fresh_windows": True})
    measures = "results/small/signals/a.accessibility.measures.tsv"
    assert fresh["signals"] == ["a.bw", "a2.bw", measures]
    assert fresh["labels"] == study.label_track("a")


def test_downloads_have_local_paths(opened):
    signals = SIGNALS.replace("a.bw", "https://host/x/a.bw?key=1")
    study = opened(signal_rows=signals)
    assert study.raw_signals["a"]["accessibility"][0] == "results/small/inputs/signal/a.bw"
    assert study.sources.downloads == {
        "results/small/inputs/signal/a.bw": {"url": "https://host/x/a.bw?key=1", "checksum": None}
    }


def test_trials(opened):
    study = opened(ablation={"variants": {"plain": {"dice_weight": 0}}, "seeds": [1, 2]})
    experiments = study.experiments
    ablation = [x for x in experiments.trials if x["experiment"] == "ablation"]
    assert [(x["value"], x["seed"]) for x in ablation] == [
        *(("default", 1), ("default", 2), ("plain", 1), ("plain", 2))
    ]
    assert experiments.settings("ablation", "plain")["dice_weight"] == 0
    scaled = experiments.changes["scaling"]["sqrt-4"]
    assert scaled["batch_size"] == 4 * experiments.default["batch_size"]
    assert scaled["learning_rate"] == 2 * experiments.default["learning_rate"]
    assert experiments.devices("scaling", "sqrt-4") == 4
    assert experiments.devices("ablation", "plain") == 1


def test_what_a_browser_shows(opened):
    tracks, copied = list_browsable(opened())
    assert copied["a.accessibility.2.bigWig"] == "a2.bw"
    of_c = [(x.kind, x.path) for x in tracks if x.cell_line == "c"]
    assert of_c[0] == ("signal", "results/small/hub/tracks/c.accessibility.1.bigWig")
    assert "labels" not in {kind for kind, _ in of_c}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"members": "absent"}, r"config: it needs members or crisscross"),
        ({"members": [{"train": "a", "validation": "b", "seed": 1}] * 2}, "a member is listed"),
        (
            {"members": [{"train": "z", "validation": "b", "seed": 1}]},
            r"unknown cell line z; name one of those in signals.tsv: a, b, c",
        ),
        (
            {"members": [{"train": "c", "validation": "b", "seed": 1}]},
            r"unknown cell line c; name one of those in labels.tsv: a, b",
        ),
        (
            {"members": "absent", "crisscross": {"cell_lines": ["a", "b"], "seeds": [1]}}
            | {"chromosomes": {"train": ["chr1"], "validation": ["chr3"], "test": ["chr4"]}},
            r"config \(chromosomes.train\): one cannot be halved",
        ),
        (
            {"chromosomes": {"train": ["chr1"], "validation": ["chr1"], "test": ["chr4"]}},
            "chr1 is in two splits",
        ),
        ({"prediction": {"chromosomes": ["chr3"]}}, "without chr4; validation needs it"),
        ({"signal_scaling": "quantile", "reference_line": "z"}, "names no cell line"),
        (
            {"motif": None, "labels": {"sheet": "labels.tsv", "mode": "motif"}},
            "missing, and labels.mode is motif",
        ),
        ({"motif": "MA0139"}, "MA0139 without a version"),
        ({"explain": {"motif_database": "JASPAR mammals"}}, "JASPAR has no group mammals"),
        ({"models": {"motif": {}}}, "model motif: a name that the workflow itself uses"),
        (
            {"tf": "absent", "factors": {"windows": None}},
            "factor windows: a name that the workflow itself uses",
        ),
        ({"ablation": {"variants": {"default": {"epochs": 1}}}}, "variant default: a name that"),
        ({"prediction": {"chromosomes": ["chr3", "chr4", "all"]}}, "chromosome all: a name that"),
        ({"genome": {"fasta": "{a}.fa"}}, "in a path; rename the file, or link to it"),
        ({"genome": {"fasta": "a\n.fa"}}, "in a path; rename the file, or link to it"),
        (
            {"models": {"wide": {}}},
            "models.wide.: no network is called wide; name one: ",
        ),
        (
            {"models": {"x": {"architecture": "cnn", "weights": "{nope}.h5"}}},
            "other braces than those of its names",
        ),
        ({"genome": {"fasta": "$NOPE/genome.fa"}}, r"\$NOPE is not set"),
        ({"genome": {"fasta": "s3://bucket/genome.fa"}}, "cannot be downloaded"),
        ({"labels": {"sheet": "nope.tsv", "mode": "peaks"}}, "nope.tsv: no such sample sheet"),
        ({"tf": "REST", "factors": {"CTCF": None}}, "REST is none of the factors"),
        ({"tf": "absent"}, "it has neither tf nor factors"),
    ],
)
def test_refused_in_one_line(opened, changes, problem):
    with pytest.raises(InputError, match=problem) as error:
        opened(**changes)
    assert len(str(error.value).splitlines()) == 1 and ";" in str(error.value)


def test_what_motifs_are_compared_with(opened):
    assert (opened().motif_database, opened().jaspar_taxon) == ([], None)
    fungi = opened(explain={"motif_database": "JASPAR fungi"})
    assert (fungi.motif_database, fungi.jaspar_taxon) == ([], "fungi")
    own = opened(explain={"motif_database": "data/motifs.meme"})
    assert (own.motif_database, own.jaspar_taxon) == (["data/motifs.meme"], None)


def test_weights_of_several_factors_are_told_apart(opened):
    with pytest.raises(InputError, match=r"put \{tf\} in it"):
        opened(models={"unet": {"weights": "w.h5"}}, factors={"CTCF": None, "REST": None})


def test_two_downloads_of_one_name(opened):
    signals = SIGNALS.replace("a.bw", "https://me:secret@h/a.bw").replace("b.bw", "https://i/a.bw")
    with pytest.raises(InputError, match=r"^https://i/a.bw: has the name of another signal file"):
        opened(signal_rows=signals)


@pytest.mark.parametrize(
    "url", ["s3://user:secret@host/x.fa?token=secret", "FILE://user:secret@host/etc/passwd"]
)
def test_refusals_do_not_tell_secrets(opened, url):
    with pytest.raises(InputError, match=r"://host/\S+: cannot be downloaded") as error:
        opened(genome={"fasta": url})
    assert "secret" not in str(error.value)


def test_two_members_of_one_name(opened):
    lines = ("a", "a-b", "b-c", "c")
    rows = ["cell_line\treplicate\tsignal", *(f"{x}\t1\tx.bw" for x in lines), ""]
    members = [("a-b", "c"), ("a", "b-c")]
    with pytest.raises(InputError, match=r"two are called a-b-c-s1; rename a cell line"):
        opened(
            signal_rows="\n".join(rows),
            label_rows="\n".join(["cell_line\tlabels", *(f"{x}\tx.bed" for x in lines), ""]),
            members=[{"train": x, "validation": y, "seed": 1} for x, y in members],
        )


def test_the_first_of_several_factors_leads(opened):
    assert opened().leads


def test_labels_of_a_line_without_signal_are_told(opened):
    study = opened(label_rows=LABELS + "B\tx.bed\n")
    assert study.warnings == [
        "labels.tsv: row B is left out, for signals.tsv has no such cell line; did you mean b?"
    ]
    with pytest.raises(InputError, match="a cell line has two rows"):
        opened(label_rows="tf\tcell_line\tlabels\nCTCF\ta\tx\n\ta\ty\n")
