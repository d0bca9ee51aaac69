"""A bundle on a cell line that it never met, against what is read and computed by hand."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import SIZES, randomise, write_bigwig, write_fasta
from leopard import cli, models
from leopard.decoding.apply import apply_bundle
from leopard.decoding.bundle import open_bundle
from leopard.decoding.bundle_check import check_bundle
from leopard.decoding.bundle_file import write_bundle
from leopard.decoding.card import write_card
from leopard.decoding.cell_line import open_cell_line
from leopard.decoding.decoder import predict_windows
from leopard.decoding.track import identify
from leopard.errors import InputError
from leopard.genome.chromosomes import choose_chromosomes
from leopard.genome.tracks import encode_sequence
from leopard.inputs.signals import match_quantiles

pytestmark = pytest.mark.usefixtures("log_level")

SEEN = {
    "mean": [{"name": "accessibility", "scaling": "mean", "transform": "log1p"}],
    "quantile": [{"name": "accessibility", "scaling": "quantile", "transform": "log1p"}],
    "none": [
        {"name": "accessibility", "scaling": "none", "transform": "raw"},
        {"name": "delta", "difference": "accessibility", "transform": "raw"},
    ],
}


TILES = {"tile_length": 8192, "batch_size": 2}
READS = {"counts": "assay", "shift": None, "smoothing": 3, "min_mapping_quality": 30}
READS |= {"duplicates": False, "unpaired": False, "secondary": False}


@pytest.fixture(scope="module")
def make_bundle(tmp_path_factory, genome, device):
    """A bundle of one small network that sees a signal on one of the scales."""

    def make(scaling, **changes):
        directory = tmp_path_factory.mktemp("bundle")
        own = {"scaling": scaling, "measured": ["chr1", "chr2"], "assay": None, "measures": {}}
        own["reads"] = READS
        files = {}
        if scaling == "quantile":
            own["seed"] = 1
            reference = np.sort(np.random.default_rng(2).gamma(2, 9, sum(SIZES.values())))
            files["references/accessibility.npy"] = directory / "reference.npy"
            np.save(files["references/accessibility.npy"], reference.astype(np.float32)[:23_011])
        if scaling == "none":
            files["averages/accessibility.bigWig"] = genome.signal_files[1]
        manifest = {
            "software": {"leopard-decode": "0.2.0"},
            "model": "cnn",
            "tf": "CTCF",
            "genome": {"assembly": "tiny", "chromosomes": SIZES},
            "tracks": {"accessibility": own},
            "members": {
                "a-a-s1": {
                    "train": "a",
                    "validation": "a",
                    "seed": 1,
                    "chromosomes": {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3"]},
                }
            },
            "decoding": {
                "reverse_complement": True,
                "background": 0,
                "tile_length": 8192,
                "batch_size": 2,
            },
            "calibration": {"low": 1.2, "high": 0.9, "shift": 0.1},
            "threshold": 0.4,
            "measures": [],
            "licence": None,
            "citation": None,
            **changes,
        }
        network = randomise(models.build("cnn", prior=0.3, tracks=SEEN[scaling]), 5)
        files["members/a-a-s1.keras"] = directory / "a.keras"
        network.save(files["members/a-a-s1.keras"])
        for name, text in (("excluded.bed", "chr1\t0\t500\n"), ("card.md", write_card(manifest))):
            files[name] = directory / name
            files[name].write_text(text)
        write_bundle(directory / "cnn.zip", manifest, files)
        return directory / "cnn.zip"

    return make


def read(genome, replicate, chrom):
    return np.nan_to_num(genome.signals[replicate][chrom])


def expect(bundle, genome, scaling, chrom):
    """Probabilities of a whole chromosome, from the arrays that the files were made of."""
    signal = read(genome, 0, chrom)
    channels = [signal]
    if scaling == "none":
        channels.append(read(genome, 1, chrom))
    elif scaling == "mean":
        measured = np.concatenate([read(genome, 0, "chr1")[500:], read(genome, 0, "chr2")])
        channels = [signal * np.float32(1 / measured.mean(dtype=np.float64))]
    else:
        sample = np.sort(np.concatenate([read(genome, 0, "chr1"), read(genome, 0, "chr2")]))
        reference = np.load(bundle.file("references/accessibility.npy"))
        channels = [match_quantiles(sample, reference)(signal)]
    codes = encode_sequence(genome.sequences[chrom])
    windows = codes[None], np.stack(channels, axis=-1)[None]
    return bundle.calibration(predict_windows(bundle.networks, *windows, both_strands=True))[0]


@pytest.mark.parametrize("scaling", SEEN)
def test_a_cell_line_is_decoded_on_its_own_scale(make_bundle, genome, tmp_path, scaling):
    bundle = open_bundle(make_bundle(scaling))
    signals = {"accessibility": genome.signal_files[:1]}
    written = apply_bundle(bundle, genome.fasta, signals, tmp_path / "new", ["chr2", "chr3"])
    values = {chrom: expect(bundle, genome, scaling, chrom) for chrom in SIZES}
    with pyBigWig.open(str(written["track"])) as track:
        assert list(track.chroms()) == ["chr2", "chr3"]
        for chrom in ("chr2", "chr3"):
            found = track.values(chrom, 0, SIZES[chrom], numpy=True)
            np.testing.assert_allclose(found, values[chrom], atol=2e-4)
    measures = pd.read_csv(tmp_path / "new/accessibility.measures.tsv", sep="\t")
    assert measures["bases"].item() == SIZES["chr1"] - 500 + SIZES["chr2"]
    region = bundle.predict(genome.fasta, genome.signal_files[0], "chr1", 700, 900)
    np.testing.assert_allclose(region, values["chr1"][700:900], atol=1e-5)
    table = apply_bundle(bundle, genome.fasta, signals, tmp_path / "regions", regions=[
        ("chr1", 700, 900)
    ])["regions"]  # fmt: skip
    row = pd.read_csv(table, sep="\t").iloc[0]
    assert row["largest"] == pytest.approx(region.max(), rel=1e-3)
    assert row["called"] == pytest.approx((region >= 0.4).sum(), abs=1)


def test_calls_are_those_of_the_track_without_what_is_excluded(make_bundle, genome, tmp_path):
    values = expect(open_bundle(make_bundle("mean")), genome, "mean", "chr1")
    bundle = open_bundle(make_bundle("mean", threshold=float(np.quantile(values, 0.97))))
    signals = {"accessibility": genome.signal_files[:1]}
    apply_bundle(bundle, genome.fasta, signals, tmp_path / "new", ["chr1"])
    counts = pd.read_csv(tmp_path / "new/calls.tsv", sep="\t").iloc[0]
    calls = pd.read_csv(tmp_path / "new/binding.narrowPeak", sep="\t", header=None)
    assert len(calls) == counts["called"] > 0 and (calls[1] >= 500).all()
    again = tmp_path / "again.narrowPeak"
    track = str(tmp_path / "new/binding.bigWig")
    assert cli.main(["calls", track, "-o", str(again), "--bundle", str(bundle.path)]) == 0
    assert len(again.read_text().splitlines()) == counts.sum() > counts["called"]


def test_another_genome_has_to_be_meant(make_bundle, genome, tmp_path):
    bundle = open_bundle(make_bundle("mean"))
    signals = {"accessibility": genome.signal_files}
    longer = {
        name: sequence + "A" * (name == "chr3") for name, sequence in genome.sequences.items()
    }
    fasta = write_fasta(tmp_path / "other.fa", longer)
    with pytest.raises(InputError, match="chr3 has 1,001 bases, and 1,000 in the bundle's genome"):
        apply_bundle(bundle, fasta, signals, tmp_path / "new")
    renamed = {name[3:]: sequence for name, sequence in genome.sequences.items()}
    fasta = write_fasta(tmp_path / "renamed.fa", renamed)
    with pytest.raises(InputError, match="none of its sequences is called as in the bundle's"):
        apply_bundle(bundle, fasta, signals, tmp_path / "new")


def test_a_chromosome_that_the_signal_lacks_has_none(make_bundle, genome, tmp_path, caplog):
    bundle = open_bundle(make_bundle("none"))
    values = {chrom: np.nan_to_num(x) for chrom, x in genome.signals[0].items()}
    del values["chr2"]
    signal = write_bigwig(tmp_path / "lacks.bw", values)
    tracks = open_cell_line(bundle, genome.fasta, {"accessibility": [signal]}, tmp_path)
    assert "lacks.bw: without chr2, where it counts as 0" in caplog.text
    assert not tracks.signal("chr2", 0, 500).any() and tracks.signal("chr1", 0, 500).any()


@pytest.mark.parametrize("given", [{}, {"dnase": []}, {"accessibility": [], "dnase": []}])
def test_tracks_are_those_of_the_bundle(make_bundle, genome, tmp_path, given):
    with pytest.raises(InputError, match="the bundle sees accessibility"):
        apply_bundle(open_bundle(make_bundle("mean")), genome.fasta, given, tmp_path / "new")


def test_a_signal_is_normalised_once(make_bundle, genome, tmp_path):
    bundle = open_bundle(make_bundle("quantile"))
    signals = {"accessibility": genome.signal_files[:1]}
    opened = open_cell_line(bundle, genome.fasta, signals, tmp_path)
    before = identify(bundle.decoder, opened)
    again = open_cell_line(bundle, genome.fasta, signals, tmp_path)
    assert identify(bundle.decoder, again) == before  # a run that was stopped goes on
    other = {"accessibility": genome.signal_files[1:]}
    changed = open_cell_line(bundle, genome.fasta, other, tmp_path)
    assert identify(bundle.decoder, changed) != before


def test_a_bundle_is_checked_against_a_study(make_bundle, genome, tmp_path):
    path = make_bundle("mean")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    lines = {"a": ["accessibility"], "b": ["mnase", "accessibility"]}
    (row,) = check_bundle(path, f"sha256:{digest}", genome.fasta, lines).itertuples()
    assert (row.role, row.track, row.chromosomes) == ("bundle", "accessibility", len(SIZES))
    assert row.note.startswith("CTCF cnn, 1 network, ")

    def refuse(line, *args):
        with pytest.raises(InputError) as refused:
            check_bundle(*args)
        assert line in str(refused.value) and "\n" not in str(refused.value)

    refuse("its SHA-256 is not the one given", path, "0" * 64, genome.fasta, lines)
    problem = "it sees accessibility, and cell line b has mnase"
    refuse(problem, path, None, genome.fasta, {**lines, "b": ["mnase"]})
    longer = {name: sequence + "A" for name, sequence in genome.sequences.items()}
    fasta = write_fasta(tmp_path / "other.fa", longer)
    refuse("in the bundle's genome", path, None, fasta, lines)
    assert len(check_bundle(path, None, fasta, lines, other_genome=True)) == 1

    check_bundle(path, None, genome.fasta, lines, ["accessibility"], make_bundle("none"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(READS, "smoothing", 5)
        other = make_bundle("mean")
    given = path, None, genome.fasta, lines
    refuse("counts reads of accessibility otherwise", *given, ["accessibility"], other)
    refuse("it does not see mnase", *given, ["mnase"], other)


def test_main_chromosomes():
    names = ["chr1", "chrX", "chrM", "chr1_random", "chrUn_KI27", "chrEBV", "chr6_hap1"]
    assert choose_chromosomes(dict.fromkeys(names, 9)) == ["chr1", "chrX"]
    ensembl = ["1", "X", "MT", "KI270728.1", "GL000009.2"]
    assert choose_chromosomes(dict.fromkeys(ensembl, 9)) == ["1", "X"]
    yeast = ["chrI", "chrXVI", "chrM"]
    assert choose_chromosomes(dict.fromkeys(yeast, 9)) == ["chrI", "chrXVI"]
    assert choose_chromosomes({"scaffold_1": 9}) == ["scaffold_1"]


def test_the_command(make_bundle, genome, tmp_path, capsys):
    bundle, signal = str(make_bundle("mean")), str(genome.signal_files[0])
    assert cli.main(["card", bundle]) == 0
    assert capsys.readouterr().out == open_bundle(bundle).card
    fasta = tmp_path / "plain.fa"  # without an index, in a place of its own
    shutil.copy(genome.fasta, fasta)
    out = tmp_path / "out"
    asked = ["decode", bundle, "--genome", str(fasta), "-o", str(out), "--threads", "2"]
    bed = tmp_path / "regions.bed"
    bed.write_text("chr2\t10\t90\n")
    assert cli.main([*asked, "--signal", f"accessibility={signal}", "--regions", str(bed)]) == 0
    assert len(pd.read_csv(out / "regions.tsv", sep="\t")) == 1
    assert len(pd.read_csv(out / "likeness.tsv", sep="\t")) == 1
    said = capsys.readouterr().out
    assert "not to be told: the bundle says nothing" in said and "without --regions also" in said
    assert not Path(f"{fasta}.fai").exists()
    fragments = tmp_path / "fragments.tsv"
    fragments.write_text("".join(f"chr1\t{x}\t{x + 99}\tAA\t1\n" for x in range(600, 9000, 70)))
    reads = ["--signal", str(fragments), "--regions", str(bed)]
    assert cli.main([*asked, *reads]) == 1
    assert "give --assay" in capsys.readouterr().err
    assert cli.main([*asked, *reads, "--assay", "atac"]) == 0
    with pyBigWig.open(str(out / "accessibility.1.bigWig")) as counted:
        assert counted.values("chr1", 600, 604) == [1, 1, 1, 1]
        assert np.isnan(counted.values("chr1", 604, 606)).all()
    # The same file counted in another way is counted anew.
    assert cli.main([*asked, *reads, "--assay", "atac", "--shift", "10", "-10"]) == 0
    with pyBigWig.open(str(out / "accessibility.1.bigWig")) as counted:
        assert counted.values("chr1", 610, 614) == [1, 1, 1, 1]
        assert np.isnan(counted.values("chr1", 600, 606)).all()
    # So is another genome under the same name.
    fasta.write_text(fasta.read_text().replace("chr2", "chr9"))
    assert cli.main([*asked, "--signal", signal]) == 0
    assert ">chr9" in (out / "genome.fa").read_text()
    shutil.copy(genome.fasta, fasta)
    assert cli.main([*asked, "--signal", "nothing.bigWig"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == "error: nothing.bigWig: no such file; correct the path after --signal"
    assert cli.main([*asked, "--signal", signal, "--chromosomes", "chr9"]) == 1
    assert "no sequence chr9" in capsys.readouterr().err
    assert cli.main([*asked, "--signal", signal, "--checksum", "0" * 64]) == 1
    assert cli.main(["calls", signal, "-o", str(tmp_path / "x")]) == 1
    with pytest.raises(SystemExit, match="2"):
        cli.main(["decode"])
