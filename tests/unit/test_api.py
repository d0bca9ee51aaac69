"""The public names: each is there, is imported only when it is used, and its example is true."""

import doctest
import subprocess
import sys
from pathlib import Path

import leopard
import numpy as np
import pyBigWig
import pysam
import pytest
from conftest import READS
from leopard.decoding.bundle_file import write_bundle

ROOT = Path(__file__).resolve().parents[2]
TILES = {"tile_length": 8192, "batch_size": 2}


@pytest.fixture(scope="module")
def example(tmp_path_factory, device):
    """A directory with the files that the examples name."""
    directory = tmp_path_factory.mktemp("example")
    (directory / "genome.fa").write_text(f">chr1\nACGTN{4091 * 'T'}\n>chr2\n{1000 * 'A'}\n")
    pysam.faidx(str(directory / "genome.fa"))
    with pyBigWig.open(str(directory / "accessibility.bigWig"), "w") as bigwig:
        bigwig.addHeader([("chr1", 4096), ("chr2", 1000)])
        bigwig.addEntries(["chr1"], [100], ends=[200], values=[7.0])
    (directory / "motif.jaspar").write_text(
        ">example\nA [ 9 0 1 ]\nC [ 0 9 1 ]\nG [ 1 1 9 ]\nT [ 0 0 0 ]\n"
    )
    peak = ["chr1", 100, 200, "one", 0, ".", 5.0, -1, -1, 40]
    (directory / "peaks.narrowPeak").write_text("\t".join(map(str, peak)) + "\n")
    leopard.build("cnn", prior=0.01).save(directory / "model.keras")
    write_example_bundle(directory)
    return directory


def write_example_bundle(directory):
    track = {"scaling": "none", "measured": ["chr1"], "assay": None, "reads": READS, "measures": {}}
    member = {"train": "a", "validation": "a", "seed": 1, "chromosomes": {}}
    manifest = {
        **{"software": {}, "model": "cnn", "tf": "CTCF", "members": {"a-a-s1": member}},
        "genome": {"assembly": None, "chromosomes": {"chr1": 4096, "chr2": 1000}},
        "tracks": {"accessibility": track},
        "decoding": {
            "reverse_complement": False,
            "background": 0.02,
            "tile_length": 8192,
            "batch_size": 2,
        },
        **{"calibration": None, "threshold": 0.5, "measures": [], "licence": None},
        "citation": None,
    }
    (directory / "empty").touch()
    files = {"members/a-a-s1.keras": directory / "model.keras"}
    files |= dict.fromkeys(["card.md", "excluded.bed"], directory / "empty")
    write_bundle(directory / "ctcf.zip", manifest, files)


@pytest.mark.parametrize("name", leopard.API)
def test_example(name, example, monkeypatch):
    monkeypatch.chdir(example)
    found = getattr(leopard, name)
    names = {**vars(sys.modules[found.__module__]), "Path": Path, "np": np}
    tests = doctest.DocTestFinder(recurse=False).find(found, name, globs=names)
    assert sum(len(test.examples) for test in tests), "no example"
    said = []
    for test in tests:
        result = doctest.DocTestRunner().run(test, out=said.append)
        assert not result.failed, "".join(said)


def test_nothing_is_imported_before_it_is_used():
    code = (
        "import sys, leopard\nleopard.InputError, leopard.__version__, dir(leopard)\n"
        "print(*{'numpy', 'keras', 'pysam', 'pandas'} & set(sys.modules))"
    )
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        leopard.nothing  # noqa: B018 the access is the test


def test_the_library_decodes_without_the_workflows_packages():
    """What `pip install .` brings is all that reading, decoding and calling import."""
    extra = ["bioframe", "matplotlib", "memelite", "optuna", "pycurl"]
    extra += ["skops", "sklearn", "snakemake", "tenacity"]
    code = (
        "import sys, leopard\n"
        f"sys.modules |= dict.fromkeys({extra})\n"  # whoever imports one of them fails
        "print(len([getattr(leopard, name) for name in leopard.API]))"
    )
    environment = {"PYTHONPATH": str(ROOT / "workflow/scripts"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str(len(leopard.API)), done.stderr
