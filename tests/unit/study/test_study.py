"""What a config and its sheets cannot be, each told in one line, and what they are read as."""

from pathlib import Path

import pytest
import yaml
from leopard.errors import InputError
from leopard.study.config import complete_config
from leopard.study.decoded import has_bundles
from leopard.study.names import RESERVED, check_names, match_labels, nearest
from leopard.study.refusals import expand
from leopard.study.sheets import read_sheet

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "workflow/schemas"
CONFIG = """
study: small
tf: CTCF
genome: {fasta: genome.fa}
signals: signals.tsv
labels: {sheet: labels.tsv, mode: peaks}
chromosomes: {train: [chr1], validation: [chr2], test: [chr3]}
windows: {length: 512, train: 4, validation: 4, test: 4}
members: [{train: a, validation: a, seed: 1}]
"""


def complete(text="", **changes):
    """The config, changed, as it is completed."""
    config = yaml.safe_load(CONFIG + text) | changes
    complete_config(config, SCHEMAS / "config.schema.yaml")
    return config


def refuse(pattern, function, *args, **kwargs):
    with pytest.raises(InputError, match=pattern) as error:
        function(*args, **kwargs)
    assert len(str(error.value).splitlines()) == 1 and ";" in str(error.value)


# The config


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda x: x.name)
def test_configs_that_are_shipped(path):
    config = yaml.safe_load(path.read_text())
    given = yaml.safe_load(path.read_text())
    name = "decoding" if has_bundles(config) else "config"
    complete_config(config, SCHEMAS / f"{name}.schema.yaml")
    assert {key: config[key] for key in given if not isinstance(given[key], dict)} == {
        key: value for key, value in given.items() if not isinstance(value, dict)
    }
    assert config["gpu"] == "optional"


def test_defaults_are_of_each_study_alone():
    one, other = complete(), complete()
    assert one["training"]["epochs"] == 30 and one["models"] == {"unet": {}, "cnn": {}}
    one["models"]["unet"]["epochs"] = 7
    assert other["models"] == {"unet": {}, "cnn": {}}


def test_whole_numbers_are_names_where_names_are_wanted():
    config = complete(
        """
chromosomes: {train: [1, 10], validation: [2], test: [X]}
members: [{train: 697, validation: 293, seed: 1}]
reference_line: 697
models: {2: {architecture: unet}, 1: {architecture: cnn}}
prediction: {chromosomes: [1, 2, 10, X]}
"""
    )
    assert config["chromosomes"] == {"train": ["1", "10"], "validation": ["2"], "test": ["X"]}
    assert config["members"] == [{"train": "697", "validation": "293", "seed": 1}]
    assert config["reference_line"] == "697"
    assert list(config["models"]) == ["2", "1"]  # the first is the one that figures show
    assert config["prediction"]["chromosomes"] == ["1", "2", "10", "X"]
    assert config["windows"]["length"] == 512 and config["labels"]["flank"] is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("windws: {}", r"^config: .*'windws' was unexpected\); see config/README.md"),
        ("training: {epoch: 3}", r"^config \(training\): .*'epoch' was unexpected"),
        ("training: 3", r"^config \(training\): 3 is not of type 'object'"),
        ('study: "small\\n"', r"config \(study\): 'small\\n' is no name: letters, digits, . _ -;"),
        ("study: true", r"config \(study\): True is not of type 'string'; put it in quotes"),
        ("tf: 1.5", r"config \(tf\): 1.5 is not of type 'string'; put it in quotes"),
        (
            "chromosomes: {train: [no], validation: [b], test: [c]}",
            r"config \(chromosomes.train.0\): False is not of type 'string'; put it in quotes",
        ),
        ("models: {yes: {}}", r"config \(models\): True is no text; put it in quotes"),
        (
            "windows: {length: 500, train: 4, validation: 4, test: 4}",
            r"config \(windows.length\): 500 is not a multiple of 32",
        ),
        (
            "genome: {fasta: x, checksum: 'https://user:secret@host/?secret'}",
            r"config \(genome.checksum\): 'https://host/ does not match",
        ),
    ],
)
def test_config_faults(text, problem):
    refuse(problem, complete, text + "\n")


# Sample sheets

SIGNALS, LABELS = SCHEMAS / "signals.schema.yaml", SCHEMAS / "labels.schema.yaml"
KEY = ["cell_line", "replicate"]
HEADER = "cell_line\treplicate\tsignal\n"


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "sheet.tsv"
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_sheet(tmp_path, encoding, line_end):
    rows = ["697\t1\ta é.bigWig", "NA\tTrue\tb,c.bigWig", "1e5\t007\td;e.bigWig"]
    text = line_end.join([HEADER.strip(), "# mine", *rows, ""])
    sheet = read_sheet(write(tmp_path, text, encoding), SIGNALS, KEY)
    assert [x["cell_line"] for x in sheet] == ["697", "NA", "1e5"]
    assert [x["replicate"] for x in sheet] == ["1", "True", "007"]
    assert [x["signal"] for x in sheet] == ["a é.bigWig", "b,c.bigWig", "d;e.bigWig"]
    assert [x["checksum"] for x in sheet] == [None] * 3


TABS = "by tabs: .*; save it as tab-separated text"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no line but the header"),
        (HEADER, "no line but the header"),
        (HEADER.replace("\t", ",") + "a,1,x\n", f"columns separated by commas, not {TABS}"),
        (HEADER.replace("\t", ";") + "a;1;x\n", f"columns separated by semicolons, not {TABS}"),
        (HEADER.replace("\t", "  ") + "a 1 x\n", f"columns separated by spaces, not {TABS}"),
        (HEADER + "a\t1\tx\na, 2, x\n", f"columns separated by commas, not {TABS}"),
        (HEADER + "a 1 x\n", f"columns separated by spaces, not {TABS}"),
        (HEADER + "a\t1\tx\ty\n", "more cells in a line than in the header"),
        (HEADER + "a\t1\n", "'signal' is a required property"),
        (HEADER.replace("signal", "singal") + "a\t1\tx\n", ".*(signal|singal)"),
        (HEADER + "a\t1\tx\na\t1\ty\n", "duplicate sample a, 1; keep one row for each cell_line"),
    ],
)
def test_sheet_faults(tmp_path, text, problem):
    refuse(rf"sheet.tsv: {problem}", read_sheet, write(tmp_path, text), SIGNALS, KEY)


def test_sheet_with_a_name_that_is_none(tmp_path):
    path = write(tmp_path, HEADER + "$(id)\t1\tx\n")
    refuse(
        r"sheet.tsv \(cell_line\): '\$\(id\)' is no name: letters", read_sheet, path, SIGNALS, KEY
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_sheet_in_another_encoding(tmp_path, encoding):
    path = write(tmp_path, HEADER + "a\t1\té.bigWig\n", encoding)
    refuse("sheet.tsv: not a text file in UTF-8; save it as that", read_sheet, path, SIGNALS, KEY)


def test_sheet_that_is_not_there(tmp_path):
    path = str(tmp_path / "none.tsv")
    refuse("none.tsv: no such sample sheet", read_sheet, path, SIGNALS, KEY)


# Paths


def test_paths_are_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.delenv("NOPE", raising=False)
    monkeypatch.chdir(tmp_path)
    for path, expected in {
        "~/a.bigWig": "/home/me/a.bigWig",
        "$DATA/${DATA}/a": "/data//data/a",
        "data/a b.bigWig": "data/a b.bigWig",
        "$(id)": "$(id)",
        "a$": "a$",
        "https://host/~me/$NOPE": "https://host/~me/$NOPE",
    }.items():
        assert expand(path, "config (signals)") == expected
    refuse(
        r"config \(signals\): \$NOPE/a: \$NOPE is not set", expand, "$NOPE/a", "config (signals)"
    )
    refuse(r"\$\{NOPE\} is not set", expand, "${NOPE}/a", "config (signals)")
    (tmp_path / "$NOPE").touch()  # a name like any other
    assert expand("$NOPE", "config (signals)") == "$NOPE"


# Names


@pytest.mark.parametrize("kind", RESERVED)
def test_names_of_the_workflow_itself(kind):
    check_names(kind, ["K562", "697", "NA", "chr1", "unet", "Summary", "motif2"])
    for name in RESERVED[kind]:
        refuse(f"^{kind} {name}: a name that the workflow itself uses", check_names, kind, [name])


def test_cell_lines_that_end_as_files_do():
    check_names("cell line", ["H1.hESC", "a.b"])
    for name in ("a.curves", "peaks.distances", "speed.tsv"):
        refuse(f"^cell line {name}: a name that", check_names, "cell line", ["a", name])


def test_nearest():
    assert nearest("HEPG2", ["K562", "HepG2"]) == "did you mean HepG2?"
    assert nearest("liver", ["K562", "HepG2"]) == ""


def test_rows_of_labels_without_a_signal():
    labels = ["a", "HEPG2", "liver"]
    assert match_labels(labels, ["a", "HepG2"], "l.tsv", "s.tsv") == [
        "l.tsv: row HEPG2 is left out, for s.tsv has no such cell line; did you mean HepG2?",
        "l.tsv: row liver is left out, for s.tsv has no such cell line; it has a, HepG2",
    ]
    assert match_labels(labels, ["a", "HEPG2", "liver", "b"], "l.tsv", "s.tsv") == []
    problem = r"^l.tsv: row HEPG2 is left out, for s.tsv has no such cell line, did you mean HepG2"
    refuse(problem, match_labels, labels[1:], ["HepG2"], "l.tsv", "s.tsv")
    refuse("l.tsv: no row is of the study's factor", match_labels, labels[:0], ["a"], "l.tsv", "s")
