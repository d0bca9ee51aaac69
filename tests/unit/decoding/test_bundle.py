"""Bundles: what is written is read again, and what was made to do harm is refused."""

import json
import struct
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import h5py
import keras
import leopard
import numpy as np
import pytest
from conftest import READS
from hypothesis import given, settings
from hypothesis import strategies as st
from leopard import InputError, models
from leopard.decoding.bundle import open_bundle
from leopard.decoding.bundle_file import MANIFEST, write_bundle
from leopard.decoding.card import write_card
from leopard.decoding.untrusted import load_untrusted

TILES = {"tile_length": 8192, "batch_size": 2}
PARSERS = settings.get_profile("parsers").max_examples


@pytest.fixture(scope="module")
def parts(tmp_path_factory, device):
    """A manifest, and the files of a bundle by their paths in it."""
    directory = tmp_path_factory.mktemp("parts")
    manifest = {
        "software": {"leopard-decode": "0.2.0"},
        "model": "cnn",
        "tf": "CTCF",
        "genome": {"assembly": "tiny", "chromosomes": {"chr1": 4096}},
        "tracks": {
            "accessibility": {
                "scaling": "mean",
                "measured": ["chr1"],
                "assay": "atac",
                "reads": READS,
                "measures": {},
            }
        },
        "members": {
            name: {
                "train": "a",
                "validation": "b",
                "seed": 1,
                "chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]},
            }
            for name in ("a-b-s1", "a-b-s2")
        },
        "decoding": {
            "reverse_complement": False,
            "background": 0.02,
            "tile_length": 8192,
            "batch_size": 2,
        },
        "calibration": {"low": 1.0, "high": 1.5, "shift": -0.5},
        "threshold": 0.25,
        "measures": [
            {"cell_line": "a", "model": "cnn", "average_precision": 0.75, "auroc": 0.9},
            {"cell_line": "a", "model": "motif", "average_precision": 0.5, "auroc": 0.8},
        ],
        "licence": "CC0",
        "citation": None,
    }
    files = {"excluded.bed": directory / "excluded.bed", "card.md": directory / "card.md"}
    files["excluded.bed"].write_text("chr1\t0\t10\n")
    files["card.md"].write_text(write_card(manifest))
    for name in manifest["members"]:
        files[f"members/{name}.keras"] = directory / f"{name}.keras"
        models.build("cnn", prior=0.01).save(directory / f"{name}.keras")
    return manifest, files


@pytest.fixture
def bundle(parts, tmp_path):
    path = tmp_path / "cnn.zip"
    write_bundle(path, *parts)
    return path


def rewrite(path, changes, manifest=None):
    """The bundle with other contents of some entries, its manifest as `manifest` changes it."""
    with ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()} | changes
    if manifest:
        record = json.loads(entries[MANIFEST])
        manifest(record)
        entries[MANIFEST] = json.dumps(record).encode()
    with ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_what_is_written_is_read_again(parts, bundle, tmp_path):
    manifest, files = parts
    found = open_bundle(bundle)
    assert found.manifest == {"format": 1, **manifest, "files": found.manifest["files"]}
    assert found.excluded.read_text() == "chr1\t0\t10\n"
    assert found.threshold == 0.25 and found.calibration.high == 1.5
    codes = np.random.default_rng(1).integers(0, 5, (1, 64)).astype(np.uint8)
    for name, network in zip(manifest["members"], found.networks, strict=True):
        signal = np.ones((1, 64, *network.inputs[1].shape[2:]), np.float32)
        own = models.load(files[f"members/{name}.keras"])
        expected = own.predict_on_batch([codes, signal])
        np.testing.assert_array_equal(network.predict_on_batch([codes, signal]), expected)
    again = tmp_path / "again.zip"
    digest = write_bundle(again, manifest, files)
    assert again.read_bytes() == bundle.read_bytes()
    assert open_bundle(again, f"sha256:{digest}").name == "CTCF cnn"
    directory = Path(found.directory.name)
    del found, network
    assert not directory.exists()


def test_the_card_tells_what_the_manifest_says(bundle):
    card = open_bundle(bundle).card
    for said in ("CTCF", "2 networks", "0.25", "| a |", "0.75", "0.500 (motif)", "CC0", "chr3"):
        assert said in card
    assert "calibrated" in card and "atac" in card


def reads_of(manifest):
    return manifest["tracks"]["accessibility"]["reads"]


@pytest.mark.parametrize(
    ("changes", "manifest", "message"),
    [
        ({}, lambda m: m.update(format=2), "format 2; this version reads up to 1; use leopard-de"),
        ({}, lambda m: m.pop("threshold"), "'threshold' is a required property"),
        ({}, lambda m: m.update(threshold=2), "threshold: 2 is greater"),
        ({}, lambda m: m["members"].update({"../x": m["members"]["a-b-s1"]}), "members"),
        ({}, lambda m: reads_of(m).pop("shift"), "'shift' is a required property"),
        ({}, lambda m: reads_of(m).update(shift=[4]), "tracks/accessibility/reads/shift: "),
        ({}, lambda m: reads_of(m).update(smoothing=10**9), "reads/smoothing: 10"),
        ({}, lambda m: reads_of(m).update(run="rm"), "'run' was unexpected"),
        ({}, lambda m: m["files"].pop("card.md"), "card.md is missing, or not listed"),
        (
            {},
            lambda m: m["tracks"]["accessibility"].update(measured=["chr9"]),
            "'chr9' without a length",
        ),
        ({}, lambda m: m["tracks"]["accessibility"].update(scaling="quantile"), "references/acc"),
        ({"card.md": b"changed"}, None, "card.md is not what manifest.json says"),
        ({"../climbs.md": b""}, None, "'../climbs.md', which no bundle has"),
        ({"/etc/passwd": b""}, None, "which no bundle has"),
        ({"members/..keras": b""}, None, "which no bundle has"),
        ({"members/a/b.keras": b""}, None, "which no bundle has"),
        ({"members/new.keras": b""}, None, "members/new.keras is missing, or not listed"),
        ({MANIFEST: b"[" * 100_000}, None, "nested without end|not a readable bundle"),
        ({MANIFEST: b"\xff{"}, None, "not a readable bundle"),
        ({MANIFEST: b"[]"}, None, "manifest.json, the whole"),
        ({"card.md": b"x" * (1 << 20) + b"x"}, None, "more than any bundle's"),
    ],
)
def test_what_is_no_bundle_is_refused_in_a_line(bundle, changes, manifest, message):
    rewrite(bundle, changes, manifest)
    with pytest.raises(InputError, match=message) as error:
        open_bundle(bundle)
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_bundles(bundle, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        open_bundle(tmp_path / "none.zip")
    with pytest.raises(InputError, match="its SHA-256 is not the one given"):
        open_bundle(bundle, "0" * 64)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InputError, match="not a readable bundle"):
        open_bundle(tmp_path / "text.zip")
    content = bundle.read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="not a readable bundle"):
        open_bundle(tmp_path / "cut.zip")


def test_a_bomb_is_not_unpacked(bundle):
    """An entry that says it is small is not read beyond that; one that says it is large, never."""
    with ZipFile(bundle, "a", ZIP_DEFLATED) as archive:
        archive.writestr("members/bomb.keras", bytes(1 << 27))
    content = bytearray(bundle.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 1 << 20)  # in the directory, the size
    bundle.write_bytes(content)
    with pytest.raises(InputError):
        open_bundle(bundle)


def change_network(path, config=None, weights=None):
    """A saved network with another config, or other weights."""
    with ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    if config:
        entries["config.json"] = json.dumps(config(json.loads(entries["config.json"]))).encode()
    if weights:
        file = path.with_suffix(".h5")
        file.write_bytes(entries["model.weights.h5"])
        with h5py.File(file, "a") as h5:
            weights(h5)
        entries["model.weights.h5"] = file.read_bytes()
    with ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def core_layers(config):
    return config["config"]["layers"][-1]["config"]["layers"]


def with_class(**changes):
    def change(config):
        core_layers(config)[1].update(changes)
        return config

    return change


def wider(config):
    """A convolution of more weights than memory has room for."""
    layer = next(x for x in core_layers(config) if x["class_name"] == "Conv1D")
    layer["config"]["kernel_size"] = [10**9]
    return config


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (with_class(class_name="Lambda"), "'Lambda', which is not known"),
        (with_class(class_name="TFSMLayer"), "'TFSMLayer', which is not known"),
        (with_class(class_name="system", module="os"), "'system', which is not known"),
        (with_class(module="os"), "which is not known"),
        (with_class(registered_name="evil>Conv1D"), "which is not known"),
        (wider, "parameters"),
        (lambda config: {"class_name": "__lambda__"}, "which is not known"),
        (lambda config: [], "not a network"),
        (lambda config: config | {"config": {}}, "not a network that can be built"),
    ],
)
def test_networks_that_might_do_harm_are_refused(parts, tmp_path, config, message):
    path = tmp_path / "network.keras"
    path.write_bytes(parts[1]["members/a-b-s1.keras"].read_bytes())
    change_network(path, config)
    with pytest.raises(InputError, match=message) as error:
        load_untrusted(path)
    assert "\n" not in str(error.value)


def test_a_lambda_layer_as_keras_saves_it(tmp_path, device):
    marker = tmp_path / "harm"
    inputs = keras.Input((None, 1))
    name = str(marker)
    layer = keras.layers.Lambda(lambda x: (open(name, "w"), x)[1], (None, 1))  # noqa: SIM115, PTH123
    network = keras.Model(inputs, layer(inputs))
    network.save(tmp_path / "network.keras")
    marker.unlink(missing_ok=True)
    with pytest.raises(InputError, match="not known"):
        load_untrusted(tmp_path / "network.keras")
    assert not marker.exists()


def link_elsewhere(h5):
    h5["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")


def keep_elsewhere(h5):
    h5.create_dataset("out", (100,), "u1", external=[("/etc/passwd", 0, 100)])


def declare_much(h5):
    h5.create_dataset("much", (1 << 40,), "f4", chunks=(1 << 16,))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (link_elsewhere, "point elsewhere"),
        (keep_elsewhere, "kept elsewhere"),
        (declare_much, "larger than their file"),
    ],
)
def test_weights_are_in_the_file_itself(parts, tmp_path, weights, message):
    path = tmp_path / "network.keras"
    path.write_bytes(parts[1]["members/a-b-s1.keras"].read_bytes())
    change_network(path, weights=weights)
    with pytest.raises(InputError, match=message):
        load_untrusted(path)


@settings(max_examples=PARSERS)
@given(st.data())
def test_damaged_bundles_are_refused_or_the_same(parts, tmp_path_factory, data):
    """Bytes changed at random: what opens has what was written, and the rest ends in a line."""
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    if not hasattr(test_damaged_bundles_are_refused_or_the_same, "content"):
        write_bundle(path, *parts)
        test_damaged_bundles_are_refused_or_the_same.content = path.read_bytes()
    content = bytearray(test_damaged_bundles_are_refused_or_the_same.content)
    # Most of it is weights: half of the changes are to the rest, at either end.
    end = len(content) - 1
    places = st.one_of(st.integers(0, end), st.integers(0, 4000), st.integers(end - 1500, end))
    for at in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.sampled_from([len(content), end, end // 2]))])
    try:
        found = open_bundle(path)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        manifest, files = parts
        assert {k: found.manifest[k] for k in manifest}.keys() == manifest.keys()
        for name, source in files.items():
            assert found.file(name).read_bytes() == source.read_bytes()


def test_the_interface_names_it(bundle):
    assert leopard.open_bundle(bundle).manifest["model"] == "cnn"
