"""What a stranger relies on: pins, documentation, the plans of the studies in config/."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_conda_pins_are_those_of_the_lock():
    lock = dict(
        re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    )
    lock = {name.lower(): version for name, version in lock.items()}
    for path in (ROOT / "envs").glob("*.yaml"):
        *conda, pip = yaml.safe_load(path.read_text())["dependencies"]
        pins = [
            re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[.*\])? ?==?(\S+)", x) for x in conda + pip["pip"]
        ]
        pins = [pin for pin in pins if pin and pin[1] != "python"]
        assert len(pins) >= 4
        for pin in pins:
            assert lock[pin[1].lower()] == pin[2], f"{path.name}: {pin[0]}"


def test_the_lock_names_no_registry():
    assert not re.search(r"https?:|--(index|extra|find)", (ROOT / "requirements.txt").read_text())


def keys(schema, prefix=""):
    for name, value in schema.get("properties", {}).items():
        # Models and experiments take the keys of training, which are documented there.
        inner = {} if name == "models" or (prefix and name == "training") else value
        yield from keys(inner, f"{prefix}{name}.") if "properties" in inner else [prefix + name]


def test_every_config_key_is_documented():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    text = (ROOT / "config/README.md").read_text()
    for key in keys(schema):
        parent, _, last = key.rpartition(".")
        assert f"`{key}`" in text or (f"`{parent}." in text and f"`.{last}`" in text), key


def plan(config):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", f"config/{config}.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_real_study_plans_offline_with_every_url():
    text = plan("config")
    for name in ("genome/hg19.fa.gz", "signal/K562.bigwig", "labels/CTCF_K562.bigwig"):
        assert f"results/ctcf_k562/inputs/{name}" in text
    assert re.search(r"^download_file +3$", text, re.M)
    assert re.search(r"^train_network +2$", text, re.M)


def plan_on_gadi(*arguments, **settings):
    """What profiles/gadi/plan prints of the real study: both streams, and its status."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / "profiles/gadi/plan", *arguments],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "PROJECT": "ab12", "GPU_MODEL": "a100"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout, done.returncode


def test_the_real_study_plans_on_gadi_with_queues_and_costs():
    text, code = plan_on_gadi(
        *("--set-resources", "predict_binding:gpu_model=v100"),
        *("--report", "report.html", "--report-after-run"),  # as the head is given
    )
    assert code == 0, text
    table = {line.split()[0]: line.split()[1:] for line in text.splitlines()}
    assert table["download_file"] == ["3", "copyq", "1", "0", "1000", "10:00", "60.0"]
    # Two jobs of 16 CPUs for ten hours, at 4.5 units an hour and CPU.
    assert table["train_network"] == ["2", "dgxa100", "16", "1", "24000", "10:00", "1440.0"]
    assert table["predict_binding"][1:4] == ["gpuvolta", "12", "1"]
    _, *jobs, total = table.values()
    assert len(jobs) == 39 and not {"all", "gather_checks"} & set(table)  # Snakemake's own
    assert text.splitlines()[-1].startswith(f"{sum(int(x[0]) for x in jobs)} jobs; ")
    assert float(total[1]) == pytest.approx(sum(float(x[-1]) for x in jobs), abs=2)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["--set-resources", "train_network:gpu=9"], {}, "train_network: gpu=9 on dgxa100"),
        (["--configfile", "absent.yaml"], {}, "absent.yaml"),
        (["--what"], {}, "--what"),
        (["--config", "tf=[]"], {}, "error: config (tf)"),
        ([], {"PROJECT": ""}, "error: no project"),
    ],
)
def test_a_plan_that_gadi_would_refuse(arguments, settings, message):
    text, code = plan_on_gadi(*arguments, **settings)
    assert code == 1 and message in text
    assert text.count("\n") == 1


@pytest.mark.slow
def test_leopard_plans_for_every_factor():
    text = plan("leopard")
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", text, re.M))
    factors = yaml.safe_load((ROOT / "config/leopard.yaml").read_text())["factors"]
    assert len(factors) == 12
    for factor, own in factors.items():
        ring, seeds = own["crisscross"]["cell_lines"], own["crisscross"]["seeds"]
        assert int(jobs[f"{factor}_train_network"]) == len(ring) * len(seeds)
        assert int(jobs[f"{factor}_predict_binding"]) == 13
    # What they share is made once, by the rules of the first.
    for rule, n in (("prepare_genome", 1), ("normalise_signal", 13), ("average_signal", 1)):
        assert {x: y for x, y in jobs.items() if x.endswith(rule)} == {f"CTCF_{rule}": str(n)}
    assert "results/leopard/CTCF/models/unet/MCF-7-A549-s5/model.keras" in text
    assert "results/leopard/NANOG/models/unet/H1-hESC-H1-hESC-s1/model.keras" in text


def test_the_task_of_the_competition_plans_with_its_own_windows():
    text = plan("apac2022")
    assert "results/apac2022/windows/windows.tsv" in text
    assert "list_usable_starts" not in text
