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
    """The run fails, and one line of what it prints matches."""
    done = study.run(f"results/small/{target}")
    assert done.returncode != 0
    lines = [x for x in done.stdout.splitlines() if re.search(pattern, x)]
    assert lines, done.stdout
    assert any(";" in line for line in lines), "no remedy"


def test_the_study_is_good_as_it_is(study):
    study.succeed("results/small/inputs.tsv")


def test_chromosome_missing_from_a_bigwig(study):
    write_bigwig(study.directory / "a.bigWig", {"chr1": 4000, "chr2": 3000})
    refuse(study, r"error: a.bigWig: without chromosomes chr3")


def test_wrong_assembly(study):
    write_bigwig(study.directory / "a.bigWig", SIZES | {"chr2": 3500})
    refuse(study, r"error: a.bigWig: chr2 has 3,500 bases, in the FASTA 3,000: wrong assembly")


def test_naming_styles(study):
    write_bigwig(study.directory / "a.bigWig", {c[3:]: n for c, n in SIZES.items()})
    refuse(study, r'error: a.bigWig: named "\d" where the FASTA has "chr\d"')


def test_truncated_bigwig(study):
    path = study.directory / "a.bigWig"
    path.write_bytes(path.read_bytes()[:-100])
    refuse(study, r"error: a.bigWig: truncated bigWig")


def test_truncated_gzip(study):
    path = study.directory / "genome.fa.gz"
    path.write_bytes(path.read_bytes()[:-100])
    refuse(study, r"error: genome.fa.gz: truncated or corrupt gzip")


def test_malformed_peak(study):
    write_peaks(study.directory / "a.narrowPeak", peak("chr1"), "chr2 200 four . 0 . 1 -1 -1 100")
    refuse(study, r"error: a.narrowPeak:2: end is not an integer")


def test_peak_past_the_end(study):
    write_peaks(study.directory / "a.narrowPeak", *map(peak, SIZES), peak("chr3", 1900, 2100))
    refuse(study, r"error: a.narrowPeak:4: peak past the chromosome's end")


def test_window_longer_than_a_chromosome(study):
    study.config["windows"]["length"] = 2048
    refuse(study, r"error: .*genome.fa: chr3 \(split test\) has 2,000 bases, fewer than a window")


def test_window_length_off_the_grid(study):
    study.config["windows"]["length"] = 500
    refuse(study, r"windows.length.*: 500 is not a multiple of 32")


def test_split_without_positives(study):
    write_peaks(study.directory / "a.narrowPeak", peak("chr1"), peak("chr3"))
    refuse(study, r"error: a.narrowPeak: no peak on the chromosomes of split validation \(chr2\)")


def test_unknown_cell_line(study):
    study.config["members"] = [{"train": "a", "validation": "K563", "seed": 1}]
    refuse(study, r"unknown cell line K563; name one of those in signals.tsv: a")
    header = "cell_line replicate signal"
    write_sheet(study.directory / "signals.tsv", header, "a 1 a.bigWig", "K563 1 a.bigWig")
    refuse(study, r"unknown cell line K563; name one of those in labels.tsv: a")


def test_duplicate_sample(study):
    header = "cell_line replicate signal"
    write_sheet(study.directory / "signals.tsv", header, "a 1 a.bigWig", "a 1 b.bigWig")
    refuse(study, r"signals.tsv: duplicate sample a, 1; keep one row")


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"windws": {}}, r"config: .*'windws' was unexpected"),
        ({"training": {"epoch": 3}}, r"config \(training\): .*'epoch' was unexpected"),
    ],
)
def test_misspelt_key(study, change, pattern):
    study.config |= change
    refuse(study, pattern)


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


def test_a_hostile_name_is_told_in_one_line(study):
    study.config["study"] = "small\n"
    refuse(study, r"config \(study\): 'small\\n' is no name: letters, digits, . _ -; see")
    study.config["study"] = "small"
    write_sheet(study.directory / "signals.tsv", "cell_line replicate signal", "$(id) 1 x")
    refuse(study, r"signals.tsv \(cell_line\): '\$\(id\)' is no name: letters, digits, . _ -; see")


def test_tags_in_the_config_do_nothing_but_fail(study):
    command = study.command("-n")
    (study.directory / "study.yaml").write_text(
        f'study: !!python/object/apply:os.system ["touch {study.directory}/owned"]\n'
    )
    done = subprocess.run(command, cwd=study.directory, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Config file is not valid JSON or YAML" in done.stdout + done.stderr
    assert not (study.directory / "owned").exists()


@pytest.mark.parametrize(
    "url", ["s3://user:secret@host/x.fa?token=secret", "FILE://user:secret@host/etc/passwd"]
)
def test_refusals_do_not_tell_secrets(study, url):
    study.config["genome"]["fasta"] = url
    refuse(study, r"://host/\S+: cannot be downloaded; give an http, https or ftp URL")
    study.config["genome"] = {
        "fasta": "genome.fa.gz",
        "checksum": "https://user:secret@host/?secret",
    }
    done = study.run("-n")
    assert done.returncode != 0 and "secret" not in done.stdout
    assert "secret" not in "".join(x.read_text() for x in study.directory.rglob("*.log"))


def test_two_downloads_of_one_name(study):
    study.config["genome"] |= {"fasta": "https://h/a/..", "blacklist": "https://h/?x"}
    header = "cell_line replicate signal"
    urls = [f"https://user:secret@{host}/x.bigWig" for host in "hi"]
    write_sheet(
        study.directory / "signals.tsv", header, *(f"a {i} {u}" for i, u in enumerate(urls))
    )
    refuse(study, r"^https://i/x.bigWig: has the name of another signal file; give one")


def test_braces_and_line_breaks_in_a_path(study):
    for unfit in ("{a}.fa", "a\n.fa"):
        study.config["genome"]["fasta"] = unfit
        refuse(study, r"in a path; rename the file, or link to it")


def test_inputs_that_do_not_fit_are_not_tried_again(study):
    write_bigwig(study.directory / "a.bigWig", SIZES | {"chr2": 3500})
    done = study.run("results/small/inputs.tsv", "--retries", "2")
    assert done.returncode != 0
    assert "Trying to restart job" not in done.stdout
    assert done.stdout.count("Error in rule check_signal") == 1


def test_unknown_column_in_a_sheet(study):
    write_sheet(study.directory / "labels.tsv", "cell_line lables", "a a.narrowPeak")
    refuse(study, r"labels.tsv.*(lables|labels)")


def test_chromosome_in_two_splits(study):
    study.config["chromosomes"]["test"] = ["chr2"]
    refuse(study, r"chr2 is in two splits")


def test_labels_by_a_motif_that_is_missing(study):
    study.config |= {"motif": None, "labels": {"sheet": "labels.tsv", "mode": "motif"}}
    refuse(
        study, r"config \(motif\): missing, and labels.mode is motif; name a JASPAR id or a file"
    )


def test_motif_file_without_motifs(study):
    (study.directory / "motif.meme").write_text("MEME version 4\n\nALPHABET= ACGT\n")
    refuse(study, r"error: motif.meme: motif file without motifs")


def test_scheme_that_is_not_allowed(study):
    study.config["genome"]["fasta"] = "file:///etc/passwd"
    refuse(study, r"cannot be downloaded; give an http, https or ftp URL, or a path")


def test_missing_input_file(study):
    (study.directory / "a.bigWig").unlink()
    done = study.run("results/small/inputs.tsv")
    assert done.returncode != 0
    assert "a.bigWig" in done.stdout


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
