"""Leopard's whole method and the competition's task, on the tiny study."""

import gzip
import json
import re

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
import yaml
from leopard.genome.formats import read_motif
from leopard.inputs.signals import match_quantiles
from leopard.windows.competition import draw_splits
from workflow.conftest import ROOT, Study, serve

SERVER = "https://guanfiles.dcmb.med.umich.edu/Leopard"


def read_all(path, chrom):
    with pyBigWig.open(str(path)) as bigwig:
        return np.nan_to_num(bigwig.values(chrom, 0, bigwig.chroms(chrom), numpy=True))


def test_windows_of_the_competition(make_study):
    study = make_study()
    study.config["windows"] |= {"strategy": "apac2022", "seed": 1}
    study.succeed("results/tiny/windows/windows.tsv")
    windows = pd.read_csv(study.results / "windows/windows.tsv", sep="\t")
    sizes = study.config["simulate"]["chromosomes"]
    counts = {split: study.config["windows"][split] for split in ("train", "validation", "test")}
    expected = draw_splits(sizes, study.config["chromosomes"], counts, 512, 1)
    pd.testing.assert_frame_equal(windows, expected)
    assert not (study.results / "windows/usable.tsv").exists()


def write_published(path):
    """Random weights of a U-Net of six channels, as Keras 2 laid them out."""
    from leopard.models.architectures.unet import BOTTOM_FILTERS, DECODER_FILTERS, ENCODER_FILTERS

    rng, before, layers = np.random.default_rng(1), 6, []

    def add(*shapes):
        layers.append([rng.normal(0, 0.1, shape).astype(np.float32) ** 2 for shape in shapes])

    def convolve(before, filters):
        for channels in (before, filters):
            add((7, channels, filters), filters)
            add(filters, filters, filters, filters)

    for filters in (*ENCODER_FILTERS, BOTTOM_FILTERS):
        convolve(before, filters)
        before = filters
    for filters, skipped in zip(DECODER_FILTERS, ENCODER_FILTERS[::-1], strict=True):
        add((2, 1, filters, before), filters)
        convolve(filters + skipped, filters)
        before = filters
    add((1, before, 1), 1)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [f"layer_{i}".encode() for i in range(len(layers))]
        for i, arrays in enumerate(layers):
            group = file.create_group(f"layer_{i}")
            group.attrs["weight_names"] = [f"w{j}:0".encode() for j in range(len(arrays))]
            for j, array in enumerate(arrays):
                group[f"w{j}:0"] = array


PUBLISHED = {
    "architecture": "unet",
    "delta": True,
    "signal_transform": "raw",
    "weights": "weights_{train}_{validation}_{seed}.h5",
}


@pytest.fixture
def crisscross(make_study):
    """Both cell lines in a ring, two seeds, halves of two chromosomes."""
    study = make_study(
        signal_scaling="quantile",
        reference_line="b",
        crisscross={"cell_lines": ["a", "b"], "seeds": [1, 2]},
        chromosomes={"train": ["chr1", "chr4"], "validation": ["chr2"], "test": ["chr3"]},
        models={"unet": {"architecture": "cnn", "delta": True}},
        training={"batch_size": 16, "epochs": 1, "schedule": "inverse_time", "fresh_windows": 64},
    )
    study.config["simulate"]["chromosomes"]["chr4"] = 70_000
    study.config["prediction"] |= {"ensemble": "fast", "chromosomes": ["chr2", "chr3"]}
    del study.config["members"]
    return study


def test_a_crisscross_of_normalised_signals_and_delta(crisscross):
    study, results = crisscross, crisscross.results
    study.config["comparison"] = {"bins": 200, "epochs": 1}
    study.succeed(
        *(f"results/tiny/{x}.tsv" for x in ("evaluation/windows/unet", "comparison/speed"))
    )

    raw = {line: read_all(results / f"simulated/{line}.bigWig", "chr3") for line in "ab"}
    samples = {line: np.load(results / f"signals/{line}.accessibility.sample.npy") for line in "ab"}
    normalised = {
        line: read_all(results / f"signals/{line}.accessibility.bigWig", "chr3") for line in "ab"
    }
    expected = match_quantiles(samples["a"], samples["b"])(raw["a"])
    np.testing.assert_allclose(normalised["a"], expected, rtol=1e-5)
    np.testing.assert_allclose(normalised["b"], raw["b"], rtol=1e-5)
    average = read_all(results / "signals/average.accessibility.bigWig", "chr3")
    np.testing.assert_allclose(average, (normalised["a"] + normalised["b"]) / 2, rtol=1e-5)

    windows = pd.read_csv(results / "windows/s1/windows.tsv", sep="\t")
    halves = ["chr1", "chr4"]
    np.random.RandomState(1).shuffle(halves)
    chroms = windows.groupby("split", sort=False)["chrom"].unique().map(list).to_dict()
    assert chroms == {"train": halves[:1], "validation": halves[1:], "test": ["chr3"]}
    row = windows.query("split == 'test'").iloc[5]
    for name, track in (("average", average), ("a", normalised["a"])):
        stored = np.load(results / f"windows/s1/{name}.accessibility.npy")[row.name]
        np.testing.assert_array_equal(stored, track[row["start"] : row["end"]])

    for member in ("a-b-s1", "b-a-s1"):
        record = json.loads((results / f"models/unet/{member}/training.json").read_text())
        assert [x["name"] for x in record["recipe"]["tracks"]] == ["accessibility", "delta"]
        assert (record["draw"]["chromosomes"], record["draw"]["n"]) == (halves[:1], 64)
        assert record["training_windows"] == 64
    scores = pd.read_csv(results / "evaluation/windows/unet.tsv", sep="\t")
    assert scores["cell_line"].to_list() == ["a", "b"]
    speed = pd.read_csv(results / "comparison/speed.tsv", sep="\t")
    assert set(speed["model"]) == {"unet", "factornet", "anchor"}
    assert scores["loss"].notna().all()

    assert not (results / "models/unet/a-b-s2").exists()
    study.config["prediction"]["ensemble"] = "complete"
    plan = study.succeed("-n", "results/tiny/evaluation/windows/unet.tsv")
    assert re.search(r"^train_network +2$", plan, re.M)
    for member in ("a-b-s2", "b-a-s2"):
        assert f"results/tiny/models/unet/{member}/model.keras" in plan
    assert "results/tiny/windows/s2/a.accessibility.npy" in plan


def test_a_crisscross_with_its_report_plans(crisscross):
    plan = crisscross.succeed("-n", "all", "compare")
    assert re.search(r"^train_network +2$", plan, re.M)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"members": [{"train": "a", "validation": "b", "seed": 1}]}, "members or crisscross"),
        ({"crisscross": {"cell_lines": ["a", "c"], "seeds": [1]}}, "unknown cell line c"),
        (
            {"chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]}},
            "one cannot be halved",
        ),
    ],
)
def test_a_crisscross_that_cannot_be(crisscross, changes, message):
    crisscross.config |= changes
    done = crisscross.run("-n")
    assert done.returncode != 0 and message in done.stdout


def test_published_weights(make_study, device):
    from leopard import models

    member = {"train": "a", "validation": "b", "seed": 1}
    # The import asks for no GPU, so that requiring one is none of its business.
    study = make_study(members=[member], models={"published": PUBLISHED}, gpu="required")
    write_published(study.directory / "weights_a_b_1.h5")
    study.succeed("results/tiny/models/published/a-b-s1/model.keras")
    model = models.load(study.results / "models/published/a-b-s1/model.keras")
    assert model.count_params() == 475_969 + 7 * 15
    plan = study.succeed("-n")
    assert "train_network" not in plan and "results/tiny/report/headline.html" in plan
    # Imported weights stay as they are unless asked otherwise.
    assert "calibrate_model" not in plan
    study.config["prediction"] = {"calibrate": True}
    assert "results/tiny/models/published/calibration.json" in study.succeed("-n")


@pytest.mark.parametrize("line", [None, "c"])
def test_the_reference_must_be_a_cell_line(make_study, line):
    done = make_study(signal_scaling="quantile", reference_line=line).run("-n")
    assert done.returncode != 0
    assert "config (reference_line): names no cell line; name one: a, b" in done.stdout


# As in Leopard's repository: the ring of each factor, its seeds, and lines only tested on.
RINGS = {
    "CTCF": ("A549 H1-hESC HepG2 IMR-90 K562 MCF-7", 6, "PC-3 induced_pluripotent_stem_cell"),
    "E2F1": ("GM12878 HeLa-S3", 2, "K562"),
    "EGR1": ("GM12878 H1-hESC HCT116 MCF-7", 2, "liver"),
    "FOXA1": ("HepG2", 2, "liver"),
    "FOXA2": ("HepG2", 2, "liver"),
    "GABPA": ("GM12878 H1-hESC HeLa-S3 HepG2 MCF-7", 2, "liver"),
    "HNF4A": ("HepG2", 2, "liver"),
    "JUND": ("HCT116 HeLa-S3 HepG2 K562 MCF-7", 2, "liver"),
    "MAX": ("A549 GM12878 H1-hESC HCT116 HeLa-S3 HepG2 K562", 2, "liver"),
    "NANOG": ("H1-hESC", 2, "induced_pluripotent_stem_cell"),
    "REST": ("H1-hESC HeLa-S3 HepG2 MCF-7 Panc1", 2, "liver"),
    "TAF1": ("GM12878 H1-hESC HeLa-S3 K562", 2, "liver"),
}


@pytest.mark.parametrize("study", ["leopard", "leopard_published"])
def test_leopards_rings_seeds_and_motifs(study):
    factors = yaml.safe_load((ROOT / f"config/{study}.yaml").read_text())["factors"]
    assert list(factors) == list(RINGS)
    for factor, (ring, seeds, _) in RINGS.items():
        expected = {"cell_lines": ring.split(), "seeds": list(range(1, seeds + 1))}
        assert factors[factor]["crisscross"] == expected
    motifs = {factor: own["motif"] for factor, own in factors.items() if "motif" in own}
    assert set(RINGS) - set(motifs) == {"TAF1"}
    for factor, matrix_id in motifs.items():
        name, matrix = read_motif(ROOT / f"resources/motifs/{factor}.{matrix_id}.meme")
        assert name.upper() == f"{matrix_id} {factor}" and matrix.shape[1] >= 6


def test_leopards_labels():
    sheet = pd.read_csv(ROOT / "config/leopard.labels.tsv", sep="\t", comment="#")
    expected = [
        (factor, line, f"{SERVER}/{test}chipseq_conservative_refine_bigwig/{factor}_{line}.bigwig")
        for factor, (ring, _, tested) in RINGS.items()
        for test, lines in (("", ring), ("test_", tested))
        for line in lines.split()
    ]
    assert [*sheet.itertuples(index=False, name=None)] == expected
    signals = pd.read_csv(ROOT / "config/leopard.signals.tsv", sep="\t")
    assert set(sheet["cell_line"]) <= set(signals["cell_line"]) and len(signals) == 13


@pytest.fixture
def leopard_published(tmp_path):
    """config/leopard_published.yaml in a directory with the weights of two factors."""
    (tmp_path / "config").symlink_to(ROOT / "config")
    config = yaml.safe_load((ROOT / "config/leopard_published.yaml").read_text())
    for factor in ("CTCF", "FOXA2"):
        ring, seeds, _ = RINGS[factor]
        directory = tmp_path / "data/leopard" / factor
        directory.mkdir(parents=True)
        lines = ring.split()
        for line, following in zip(lines, [*lines[1:], lines[0]], strict=True):
            for seed in range(1, seeds + 1):
                (directory / f"weights_{line}_{following}_{seed}.h5").touch()
    return Study(tmp_path, config)


@pytest.mark.parametrize(("factor", "networks"), [("CTCF", 36), ("FOXA2", 2)])
def test_leopards_published_weights_plan_without_training(leopard_published, factor, networks):
    assert len([*leopard_published.directory.glob(f"data/leopard/{factor}/*.h5")]) == networks
    plan = leopard_published.succeed("-n", "--config", f"tf={factor}")
    assert re.search(rf"^import_weights +{networks}$", plan, re.M)
    assert re.search(r"^predict_binding +13$", plan, re.M)
    assert "train_network" not in plan
    assert f"data/leopard/{factor}/weights_HepG2_" in plan


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("w_{train}_{seed}.h5", "one file for all factors; put {tf} in it"),
        ("{tf}/w_{cell}.h5", "other braces than those of its names; use {train}, {validation}"),
        ("{tf}/w_{train.h5", "other braces than those of its names; use {train}, {validation}"),
    ],
)
def test_a_pattern_of_weights_that_cannot_be(leopard_published, pattern, message):
    leopard_published.config["models"]["published"]["weights"] = pattern
    done = leopard_published.run("-n", "--config", "tf=FOXA2")
    assert done.returncode != 0
    assert f"config (models.published.weights): {message}" in done.stdout


def test_a_motif_by_its_id(make_study):
    """One that comes with the workflow, and one of pyjaspar's."""
    for matrix_id, name in (("MA0139.1", "CTCF"), ("MA0412.3", "UME6")):
        study = make_study(motif=matrix_id)
        check = study.results / "checks/motif.tsv"
        study.succeed(str(check.relative_to(study.directory)))
        row = pd.read_csv(check, sep="\t").iloc[0]
        assert row["path"] == f"results/tiny/inputs/jaspar/{matrix_id}.meme"
        assert row["note"].startswith(f"{matrix_id} {name}, ")
    study = make_study(motif="MA0139")
    done = study.run("-n")
    assert "config (motif): MA0139 without a version" in done.stdout and done.returncode != 0


SIZES = {"chr1": 9000, "chr2": 12_000, "chr3": 11_000, "chr8": 8000}
SITES = {"MAX": 3000, "TAF1": 5000}
LINES = {"GM12878": 3.0, "liver": 1.0}  # and how deep they are sequenced


def write_server(directory):
    """A miniature of what config/leopard.yaml downloads."""
    rng = np.random.default_rng(1)

    def write(path, starts, values):
        path.parent.mkdir(parents=True, exist_ok=True)
        with pyBigWig.open(str(path), "w") as bigwig:
            bigwig.addHeader(list(SIZES.items()))
            for chrom in SIZES:
                bigwig.addEntries(chrom, starts, values=values, span=20)

    starts = np.arange(0, 7000, 40)
    for line, depth in LINES.items():
        heights = rng.poisson(depth, len(starts)) + 1.0
        write(directory / f"dnase_bigwig/{line}.bigwig", starts, heights)
        for factor, site in SITES.items():
            test = "test_" * (line == "liver")
            path = directory / f"{test}chipseq_conservative_refine_bigwig/{factor}_{line}.bigwig"
            write(path, np.array([site]), np.array([1.0]))
    fasta = "".join(f">{x}\n{''.join(rng.choice(list('ACGT'), n))}\n" for x, n in SIZES.items())
    (directory / "hg19.fa.gz").write_bytes(gzip.compress(fasta.encode()))
    (directory / "blacklist.bed.gz").write_bytes(gzip.compress(b"chr2\t0\t2000\n"))


@pytest.fixture
def leopard(tmp_path):
    """Two factors and two cell lines of config/leopard.yaml, with their sources served here."""
    write_server(tmp_path / "served")
    with serve(tmp_path / "served") as here:
        config = yaml.safe_load((ROOT / "config/leopard.yaml").read_text())
        for name, factors in (("signals", []), ("labels", [*SITES])):
            text = (ROOT / f"config/leopard.{name}.tsv").read_text()
            header, *rows = [x for x in text.splitlines() if not x.startswith("#")]
            rows = [row for row in rows if any(x in LINES for x in row.split("\t"))]
            rows = [row for row in rows if not factors or row.split("\t")[0] in factors]
            served = "\n".join([header, *rows, ""]).replace(SERVER, here)
            assert served.count(here) == len(rows) == 2 * max(len(factors), 1)
            (tmp_path / f"{name}.tsv").write_text(served)
        config["signals"] = "signals.tsv"
        config["labels"]["sheet"] = "labels.tsv"
        config["genome"] |= {"fasta": f"{here}/hg19.fa.gz", "blacklist": f"{here}/blacklist.bed.gz"}
        ring = {"crisscross": {"cell_lines": [*LINES], "seeds": [1]}}
        config["factors"] = dict.fromkeys(SITES, ring)
        config["chromosomes"]["train"] = ["chr2", "chr3"]
        config["chromosomes"]["test"] = ["chr1"]
        config["windows"] = {"length": 512, "train": 20, "validation": 20, "test": 20}
        yield Study(tmp_path, config)


def test_factors_share_what_does_not_depend_on_them(leopard):
    shared = ["s1/sequence.npy", "s1/GM12878.accessibility.npy", "s1/average.accessibility.npy"]
    own = [f"{x}/windows/s1/GM12878.labels.npy" for x in SITES]
    names = [*(f"windows/{x}" for x in shared), *own]
    leopard.succeed(*(f"results/leopard/{x}" for x in names))
    results = leopard.results
    windows = pd.read_csv(results / "windows/s1/windows.tsv", sep="\t")
    assert not ((windows["chrom"] == "chr2") & (windows["start"] < 2000)).any()
    for factor, site in SITES.items():
        labels = np.load(results / f"{factor}/windows/s1/GM12878.labels.npy")
        at = windows["start"].to_numpy()[:, None] + np.arange(512)
        np.testing.assert_array_equal(labels == 1, (at >= site) & (at < site + 20))
        assert (results / f"{factor}/inputs.tsv").exists()
        assert not (results / f"{factor}/genome").exists()
    a, b = (read_all(results / f"signals/{x}.accessibility.bigWig", "chr1") for x in LINES)
    average = read_all(results / "signals/average.accessibility.bigWig", "chr1")
    np.testing.assert_allclose(average, (a + b) / 2, rtol=1e-5)
    # What is set for a rule is for that of every factor, if nothing is set for its own.
    threads = ("--set-threads", "train_network=3", "TAF1_train_network=4")
    memory = ("--set-resources", "train_network:mem_mb=123")
    plan = leopard.succeed("all", "browse", "-n", "--cores", "16", *threads, *memory)
    for factor, number in (("MAX", 3), ("TAF1", 4)):
        (job,) = re.findall(rf"^rule {factor}_train_network:\n((?: +.*\n)+)", plan, re.M)[:1]
        assert f"threads: {number}\n" in job and "mem_mb=123" in job
    assert "copy_track" not in plan  # every track is under results/leopard
    # One of them alone goes on from there, by the rules' usual names.
    plan = leopard.succeed("-n", "train", "--config", "tf=TAF1")
    assert re.search(r"^train_network +2$", plan, re.M)
    assert "results/leopard/TAF1/models/unet/liver-GM12878-s1/model.keras" in plan
    assert "draw_windows" not in plan and "normalise_signal" not in plan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "tf=CTCF"], "config (tf): CTCF is none of the factors"),
        ([], "config: it has neither tf nor factors"),
    ],
)
def test_a_study_needs_a_factor(leopard, arguments, message):
    if not arguments:
        del leopard.config["factors"]
    done = leopard.run("-n", *arguments)
    assert done.returncode != 0 and message in done.stdout
