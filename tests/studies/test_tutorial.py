"""Every block of docs/tutorial.md runs, on the tiny study in place of the demo."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from workflow.conftest import ROOT, Study

# Not run: they make what the others look at.
FIRST = "git clone <this repository> leopard && cd leopard\nmake demo\n. .venv/bin/activate\n"
# What the tiny study calls the same things.
NAMES = {
    "results/demo": "results/tiny",
    "config/demo.yaml": "study.yaml",
    "alpha-beta-s1": "a-a-s1",
    "alpha": "a",
    "gamma": "b",
    "chr6": "chr3",
    "both_strands=False": "both_strands=True",
}
CHECKS = """
assert halo == 608
assert high.sum() > 0 and difference < 1e-4, difference
assert missing.abs().max() < 1e-3 * sites["logit"].abs().max() and len(largest) == 5
assert set(answer["cell_line"]) == {"a", "b"} and (answer["model"] == "unet").all()
"""


def read_blocks(language: str) -> list[str]:
    text = (ROOT / "docs/tutorial.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def translate(block: str) -> str:
    return re.sub("|".join(map(re.escape, NAMES)), lambda found: NAMES[found[0]], block)


@pytest.fixture
def clone(finished: Study) -> Path:
    """A clone in which the tiny study has run, with what the tutorial names in it."""
    finished.command()  # writes study.yaml
    for name in ("config", "profiles"):
        (finished.directory / name).symlink_to(ROOT / name)
    return finished.directory


def run(command: list[str], directory: Path) -> str:
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=directory,
        env=os.environ | {"PATH": tools, "PYTHONPATH": str(ROOT / "workflow/scripts")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


def test_shell_blocks(clone: Path):
    first, *blocks = read_blocks("sh")
    assert first == FIRST and len(blocks) >= 5
    said = [
        run(
            [
                "bash",
                "-euc",
                f'snakemake() {{ command snakemake -s {ROOT}/Snakefile "$@"; }}\n{block}',
            ],
            clone,
        )
        for block in map(translate, blocks)
    ]
    assert (clone / "results/tiny/hub/igv.xml").exists()
    before, after = said[-1].split("Nothing to be done", 1)
    assert "call_peaks" not in before and "call_peaks" in after
    assert "train_network" not in after and "predict_binding" not in after


def test_python_blocks(clone: Path, finished: Study):
    blocks = read_blocks("python")
    assert len(blocks) >= 8
    finished.config["explain"] = {"best": 3, "mutagenesis": False}
    finished.config["variants"] = {"file": "results/tiny/simulated/variants.vcf", "background": 20}
    finished.succeed(
        "results/tiny/interpretation/unet/b/sites.tsv", "results/tiny/variants/unet/b.tsv"
    )
    run([sys.executable, "-c", "\n".join([*map(translate, blocks), CHECKS])], clone)


def test_no_block_is_of_another_language():
    text = (ROOT / "docs/tutorial.md").read_text()
    assert set(re.findall(r"^```(\S+)$", text, re.M)) == {"sh", "python"}
