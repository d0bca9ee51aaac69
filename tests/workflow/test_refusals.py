"""Every wrong input ends the run with one clear line and a status other than 0."""

import gzip
import os
import re
import subprocess
from hashlib import md5
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import yaml
from jsonschema import Draft202012Validator

from workflow.conftest import MOTIF, ROOT, Study, serve, write_sheet

SIZES = {"chr1": 4000, "chr2": 3000, "chr3": 2000}


def write_bigwig(path: Path, sizes: dict[str, int]) -> None:
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom in sizes:
            bigwig.addEntries([chrom], [100], ends=[900], values=[2.0])


def write_peaks(path: Path, *rows: str) -> None:
    path.write_text("".join(row.replace(" ", "\t") + "\n" for row in rows))


def peak(chrom: str, start: int = 200, end: int = 400) -> str:
    return f"{chrom} {start} {end} . 0 . 1 -1 -1 100"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study of good small files, by path, for each test to spoil."""
    rng = np.random.default_rng(1)
    fasta = "".join(f">{c}\n{''.join(rng.choice(list('ACGT'), n))}\n" for c, n in SIZES.items())
    (tmp_path / "genome.fa.gz").write_bytes(gzip.compress(fasta.encode()))
    write_bigwig(tmp_path / "a.bigWig", SIZES)
    write_peaks(tmp_path / "a.narrowPeak", *map(peak, SIZES))
    (tmp_path / "motif.meme").write_bytes(MOTIF.read_bytes())
    write_sheet(tmp_path / "signals.tsv", "cell_line replicate signal", "a 1 a.bigWig")
    write_sheet(tmp_path / "labels.tsv", "cell_line labels", "a a.narrowPeak")
    config = {
        "study": "small",
        "tf": "CTCF",
        "genome": {"fasta": "genome.fa.gz"},
        "signals": "signals.tsv",
        "labels": {"sheet": "labels.tsv", "mode": "peaks"},
        "motif": "motif.meme",
        "chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]},
        "windows": {"length": 512, "train": 4, "validation": 4, "test": 4},
        "members": [{"train": "a", "validation": "a", "seed": 1}],
    }
    return Study(tmp_path, config)


def refuse(study: Study, pattern: str, target: str = "inputs.tsv") -> None:
    """The run fails, and the last line of what it prints, and no stack, tells why."""
    done = study.run(f"results/small/{target}")
    assert done.returncode != 0
    last = done.stdout.splitlines()[-1]
    assert last.startswith("error: ") and re.search(pattern, last), done.stdout
    assert ";" in last, "no remedy"
    assert "Traceback" not in done.stdout and "config.smk" not in done.stdout
    assert not list((study.directory / ".snakemake").glob("locks/*"))


def test_the_study_is_good_as_it_is(study):
    study.succeed("results/small/inputs.tsv")


def test_misspelt_key(study):
    study.config["training"] = {"epoch": 3}
    refuse(study, r"config \(training\): .*'epoch' was unexpected")
    assert len(study.run("-n").stdout.splitlines()) == 2  # one for the profile's name
    assert study.run("--lint").stdout.splitlines()[-1].startswith("error: config (training)")


HOSTILE = [
    *("..", "a..b", ".hidden", "-n", "a/b", "/etc", "a b", "a\tb", "abc\n", "a\nb", ""),
    *("$(id)", "`id`", "a;id", "a&id", "a|id", "a>b", "a'b", 'a"b', "a*", "{a}", "é", "a\0"),
]


def name_in_config(role: str, name: str) -> dict[str, object]:
    """A change of the config in which something has this name."""
    member = {"train": "a", "validation": "a", "seed": 1}
    return {
        "study": {"study": name},
        "model": {"models": {name: {"architecture": "unet"}}},
        "member": {"members": [member | {"train": name}]},
        "chromosome": {"chromosomes": {"train": [name], "validation": ["b"], "test": ["c"]}},
        "variant": {"ablation": {"variants": {name: {"batch_size": 8}}}},
    }[role]


@pytest.mark.parametrize("role", ["study", "model", "member", "chromosome", "variant"])
def test_hostile_names_in_the_config(role):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    check = Draft202012Validator(schema)
    for name in HOSTILE:
        ((key, value),) = name_in_config(role, name).items()
        errors = [e.message for e in check.iter_errors({key: value}) if list(e.path)[:1] == [key]]
        assert any("does not match" in message for message in errors), name
    ((key, value),) = name_in_config(role, "hg19.chr1_A-2").items()
    assert not [e for e in check.iter_errors({key: value}) if list(e.path)[:1] == [key]]


@pytest.mark.parametrize("sheet", ["signals", "labels"])
def test_hostile_names_in_a_sheet(sheet):
    schema = yaml.safe_load((ROOT / f"workflow/schemas/{sheet}.schema.yaml").read_text())
    check = Draft202012Validator(schema)
    row = {"cell_line": "a", "replicate": "1", "signal": "x", "labels": "x"}
    row = {key: row[key] for key in schema["required"]}
    assert check.is_valid(row)
    for name in HOSTILE:
        for key in set(row) & {"cell_line", "replicate"}:
            assert not check.is_valid(row | {key: name}), name


def test_tags_in_the_config_do_nothing_but_fail(study):
    command = study.command("-n")
    (study.directory / "study.yaml").write_text(
        f'study: !!python/object/apply:os.system ["touch {study.directory}/owned"]\n'
    )
    done = subprocess.run(command, cwd=study.directory, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Config file is not valid JSON or YAML" in done.stdout + done.stderr
    assert not (study.directory / "owned").exists()


def test_refusals_do_not_tell_secrets(study):
    study.config["genome"] = {
        "fasta": "genome.fa.gz",
        "checksum": "https://user:secret@host/?secret",
    }
    done = study.run("-n")
    assert done.returncode != 0 and "secret" not in done.stdout
    assert "secret" not in "".join(x.read_text() for x in study.directory.rglob("*.log"))


def test_an_input_that_a_job_refuses_is_told_last(study):
    """Also in a study of several factors, where the jobs are those of a module."""
    write_bigwig(study.directory / "a.bigWig", SIZES | {"chr2": 3500})
    problem = r"error: a.bigWig: chr2 has 3,500 bases, in the FASTA 3,000: wrong assembly"
    refuse(study, problem)
    members = {"members": study.config.pop("members")}
    del study.config["tf"]
    study.config["factors"] = {"CTCF": members, "MAX": members}
    refuse(study, problem)


def test_all_that_jobs_refuse_is_told(study):
    write_bigwig(study.directory / "a.bigWig", SIZES | {"chr2": 3500})
    write_peaks(study.directory / "a.narrowPeak", peak("chr1"), peak("chr3"))
    done = study.run("results/small/inputs.tsv", "--keep-going")
    assert done.returncode != 0
    last = sorted(x for x in done.stdout.rpartition("\n\n")[2].splitlines())
    assert [x.split(": ")[1] for x in last] == ["a.bigWig", "a.narrowPeak"]


def test_inputs_that_do_not_fit_are_not_tried_again(study):
    write_bigwig(study.directory / "a.bigWig", SIZES | {"chr2": 3500})
    done = study.run("results/small/inputs.tsv", "--retries", "2")
    assert done.returncode != 0
    assert "Trying to restart job" not in done.stdout
    assert done.stdout.count("Error in rule check_signal") == 1


def test_missing_input_files(study, monkeypatch):
    monkeypatch.setenv("HOME", str(study.directory / "home"))
    header = "cell_line replicate signal"
    write_sheet(study.directory / "signals.tsv", header, "a 1 ~/b.bigWig")
    refuse(study, r"home/b.bigWig: no such file, named in signals.tsv, cell line a; correct")
    monkeypatch.setenv("HOME", str(study.directory))
    monkeypatch.setenv("HERE", str(study.directory))
    (study.directory / "a.bigWig").rename(study.directory / "b.bigWig")
    study.config["genome"]["fasta"] = "${HERE}/genome.fa.gz"
    study.config["signals"] = "~/signals.tsv"
    study.succeed("results/small/inputs.tsv", "-n")
    (study.directory / "motif.meme").unlink()
    refuse(study, r"motif.meme: no such file, named in config \(motif\); correct the path")


def test_rows_of_labels_without_a_signal(study):
    rows = ["a a.narrowPeak", "HEPG2 a.narrowPeak"]
    header = "cell_line replicate signal"
    write_sheet(study.directory / "labels.tsv", "cell_line labels", *rows)
    write_sheet(study.directory / "signals.tsv", header, "a 1 a.bigWig", "HepG2 1 a.bigWig")
    said = study.succeed("results/small/inputs.tsv", "-n")
    line = "warning: labels.tsv: row HEPG2 is left out, for signals.tsv has no such cell line; did"
    assert said.count(line) == 1 and "did you mean HepG2?" in said
    write_sheet(study.directory / "labels.tsv", "cell_line labels", rows[1])
    refuse(study, r"labels.tsv: row HEPG2 is left out, .* did you mean HepG2\?; correct")


@pytest.mark.parametrize("prefix", ["", "prefix: 'elsewhere'"])
def test_the_workflow_as_a_module(study, prefix):
    (study.directory / "Snakefile").write_text(
        f"module leopard:\n    snakefile: {str(ROOT / 'Snakefile')!r}\n    config: config\n"
        f"    {prefix}\nuse rule * from leopard as leopard_*\n"
    )
    study.snakefile = study.directory / "Snakefile"
    if prefix:
        refuse(study, r"module with prefix: .*; leave the prefix out: results/\{study\} is")
    else:
        study.succeed("results/small/inputs.tsv")


@pytest.fixture
def server(study):
    """The study's directory over HTTP."""
    with serve(study.directory) as url:
        yield url


def test_inputs_by_url(study, server):
    study.config["genome"] = {
        "fasta": f"{server}/genome.fa.gz",
        "checksum": f"md5:{md5((study.directory / 'genome.fa.gz').read_bytes()).hexdigest()}",
    }
    study.succeed("results/small/inputs.tsv")
    assert (study.results / "inputs/genome/genome.fa.gz").exists()


def test_url_that_is_not_there(study, server):
    study.config["genome"]["fasta"] = f"{server}/nothing.fa.gz"
    refuse(study, r"error: http://127.0.0.1:\d+/nothing.fa.gz: .*404")
    tried = study.run("download", "--retries", "1").stdout  # a profile's, not the rule's own
    assert tried.count("Error in rule download_file") == 2


def test_download_with_another_checksum(study, server):
    study.config["genome"] = {
        "fasta": f"{server}/genome.fa.gz",
        "checksum": f"sha256:{'0' * 64}",
    }
    refuse(study, r"error: .*genome.fa.gz.*checksum")
    assert not (study.results / "inputs/genome/genome.fa.gz").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_no_space_left(study):
    full = study.directory / "results"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(full)], check=False
    )
    if mounted.returncode:
        pytest.skip("this sandbox does not allow mounting")
    try:
        (full / "ballast").write_bytes(bytes(60_000))
        problem = r"error: results/small/genome/genome.fa.*: No space left on device"
        refuse(study, problem, "genome/genome.fa")
        assert not (study.results / "genome/genome.fa").exists()
    finally:
        subprocess.run(["umount", str(full)], check=True)


def test_the_clones_own_library_is_used(study, monkeypatch):
    """As `pip install .` leaves a copy, of another version, where Python looks before the clone."""
    installed = study.directory / "site-packages"
    (installed / "leopard").mkdir(parents=True)
    (installed / "leopard/__init__.py").write_text("raise ImportError('of another version')")
    monkeypatch.setenv("PYTHONPATH", f"{installed}")
    study.succeed("--until", "check_motif")
