"""Rules' resources as requests to a site's queues, and what they cost."""

import re
from pathlib import Path

import pytest
from pbs.errors import RefusedError
from pbs.queues import Request, charge, is_among, read_gpu_queues, read_queues, translate
from pbs.settings import find_project, find_storage, seconds_of, setting
from pbs_fixtures import GADI_PAGE, ROOT, TRAINING, fixture_login  # noqa: F401


@pytest.mark.parametrize(
    ("model", "queue", "ncpus"),
    [
        ({}, "gpuvolta", 12),
        ({"gpu_model": "v100"}, "gpuvolta", 12),
        ({"gpu_model": "a100"}, "dgxa100", 16),
        ({"gpu_model": "h200"}, "gpuhopper", 12),
    ],
)
@pytest.mark.parametrize("gpus", [1, 2, 4])
def test_gpu_rules_go_where_their_gpu_is(model, queue, ncpus, gpus):
    request = translate("train_network", 12, {**TRAINING, **model, "gpu": gpus})
    assert request == Request(queue, ncpus * gpus, gpus, 16000, 36000, 10240)


def test_one_word_sets_the_gpu_of_all_rules(monkeypatch):
    monkeypatch.setenv("GPU_MODEL", "a100")
    assert translate("train_network", 8, TRAINING).queue == "dgxa100"
    assert translate("train_network", 8, {**TRAINING, "gpu_model": "h200"}).queue == "gpuhopper"
    assert translate("draw_windows", 1, {"mem_mb": 1, "runtime": 1}).queue == "normal"


@pytest.mark.parametrize(
    "rule", ["download_file", "CTCF_download_file", "TAF1_download_shared_file"]
)
def test_downloads_go_where_the_network_is(rule):
    request = translate(rule, 1, {"mem_mb": 1000, "runtime": 600})
    assert request == Request("copyq", 1, 0, 1000, 36000, 10240)
    assert translate(f"{rule}s", 1, {"mem_mb": 1000, "runtime": 600}).queue == "normal"


def test_what_grew_beyond_the_queue_is_cut():
    grown = {"mem_mb": 240000, "runtime": 3000}
    request = translate("a", 2, grown, attempt=3)
    assert (request.mem_mb, request.walltime) == (194560, 48 * 3600)
    with pytest.raises(RefusedError, match="mem_mb=240000 on normal"):
        translate("a", 2, grown)


@pytest.mark.parametrize(
    ("rule", "threads", "changes", "problem"),
    [
        ("download_file", 1, {}, "gpu=1 on copyq, whose nodes have none"),
        ("download_file", 2, {"gpu": 0}, "2 CPUs on copyq, which gives 1"),
        ("download_file", 1, {"gpu": 0, "runtime": 601}, "runtime=601 on copyq"),
        ("train_network", 13, {}, "13 CPUs on gpuvolta, which gives 12 for each GPU"),
        ("train_network", 8, {"gpu": 5}, "gpu=5 on gpuvolta, whose nodes have 4"),
        ("train_network", 8, {"gpu_model": "p100"}, "gpu_model 'p100'; give one of v100, a100"),
        ("train_network", 8, {"mem_mb": 400_000}, "mem_mb=400000 on gpuvolta"),
        ("train_network", 8, {"runtime": 2881}, "runtime=2881 on gpuvolta"),
        ("train_network", 8, {"mem_mb": "<TBD>"}, "mem_mb='<TBD>'; give a whole number"),
        ("predict", 49, {"gpu": 0}, "49 CPUs on normal, which gives 48"),
        ("predict", 1, {"gpu": 0, "mem_mb": 0}, "mem_mb=0 on normal"),
    ],
)
def test_wrong_combinations_are_refused(rule, threads, changes, problem):
    with pytest.raises(RefusedError, match=re.escape(problem)) as error:
        translate(rule, threads, {**TRAINING, **changes})
    assert "\n" not in str(error.value)


def test_project_and_storage(monkeypatch):
    assert find_storage(Path("/scratch/ab12/me"), Path("/home/1/me")) == ("scratch/ab12+gdata/ab12")
    with pytest.raises(RefusedError, match=r"/g/data/xy34/me would not .* add gdata/xy34"):
        find_storage(Path("/g/data/xy34/me"))
    monkeypatch.setenv("STORAGE", "scratch/ab12+gdata/xy34")
    assert find_storage(Path("/g/data/xy34")) == "scratch/ab12+gdata/xy34"
    monkeypatch.setenv("STORAGE", "/scratch/ab12")
    with pytest.raises(RefusedError, match="give it as"):
        find_storage()
    monkeypatch.setenv("STORAGE", "none")
    assert find_storage() == ""
    monkeypatch.setenv("PROJECT", "")
    with pytest.raises(RefusedError, match="no project; export PROJECT"):
        find_storage()


@pytest.mark.parametrize(
    ("hours", "expected"), [(("gpuvolta", 12, 16000), 36), (("dgxa100", 16, 16000), 72)]
)
def test_charge_of_a_gpu_hour(hours, expected):
    assert charge(*hours, 1) == expected


def test_charge_counts_cpus_or_their_share_of_memory():
    assert charge("normal", 1, 1024, 3) == 6
    assert charge("normal", 1, 16 * 1024, 3) == 24
    assert charge("gpuhopper", 12, 300 * 1024, 1) > charge("gpuhopper", 12, 16000, 1) == 90


def test_charges_in_the_documents_are_the_table_s():
    text = " ".join(GADI_PAGE.read_text().split())
    for model, queue in read_gpu_queues().items():
        cost = charge(queue, read_queues()[queue].cpus_per_gpu, 16000, 1)
        assert re.search(rf"\| {model} \| {queue} \| {cost:g} \|", text), model
    seconds = {"gpuvolta": 3170, "dgxa100": 942}
    costs = [charge(x, read_queues()[x].cpus_per_gpu, 16000, s / 3600) for x, s in seconds.items()]
    assert "costs {:.0f} or {:.0f} units".format(*costs) in text
    head = charge("normal", 1, 4096, 1)
    assert re.search(rf"the head (costs )?{head:g} (units )?an hour", text, re.I)


def test_network_rules_exist():
    text = "".join(path.read_text() for path in ROOT.glob("workflow/**/*.smk"))
    rules = set(re.findall(r"^ *(?:use )?rule (?:\w+ as )?(\w+)", text, re.M))
    assert set(setting("network_rules").split()) <= rules


def test_another_site_is_a_settings_file(monkeypatch):
    monkeypatch.setenv("LEOPARD_SITE", str(ROOT / "tests/pbs/plain/settings.ini"))
    monkeypatch.delenv("PROJECT")
    assert (find_project(), find_storage()) == ("", "")
    assert read_gpu_queues() == {"l40s": "gpu"}
    request = translate("train_network", 8, {**TRAINING, "gpu": 2})
    assert request == Request("gpu", 32, 2, 16000, 36000, 0)
    assert translate("draw_windows", 1, {"mem_mb": 1, "runtime": 1}).queue == "workq"
    # All its nodes have a network.
    assert translate("download_file", 1, {"mem_mb": 1, "runtime": 1}).queue == "workq"
    assert charge("gpu", 16, 1000, 1) == 0
    assert setting("patience_minutes") == "60"  # what it does not say


@pytest.mark.parametrize(
    ("site", "table", "problem"),
    [
        (None, None, "no such file; correct LEOPARD_SITE"),
        (
            "[site]\nqueues = own.tsv\n",
            "queue\tgpu_type\nworkq\tnone\n",
            "queue workq lacks a value",
        ),
        ("[site]\npatience_minutes = ages\n", None, "patience_minutes 'ages'; give a number"),
    ],
)
def test_a_wrong_settings_file(tmp_path, monkeypatch, site, table, problem):
    monkeypatch.setenv("LEOPARD_SITE", str(tmp_path / "site.ini"))
    if site:
        Path("site.ini").write_text(site)
    if table:
        Path("own.tsv").write_text(table)
    with pytest.raises(RefusedError, match=problem):
        read_queues()
        seconds_of("patience_minutes")


def test_rules_of_several_factors_are_known_by_their_ends():
    assert is_among("CTCF_train_network", ["train_network"])
    assert not is_among("retrain_network", ["train_network"])
