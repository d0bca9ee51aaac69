"""Sites explained into files: what they hold, and that a run that was stopped goes on."""

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
from leopard.decoding.decoder import Decoder
from leopard.evaluation.motif_scores import measure_background
from leopard.genome.formats import read_table
from leopard.genome.tracks import Tracks
from leopard.interpretation import explain
from leopard.interpretation.contribution_results import MEASURES, share_bases
from leopard.interpretation.contribution_sites import lay_out
from leopard.interpretation.contributions import Explainer
from leopard.interpretation.explain import BATCH, explain_sites
from leopard.interpretation.mutagenesis import mutate

# Near each other, at both ends, off the networks' grid, and on a chromosome shorter than a window.
ROWS = [
    *[("chr1", 5003, 5021), ("chr1", 5040, 5052), ("chr1", 0, 9), ("chr1", 20_000, 20_011)],
    *[("chr3", 480, 500), ("chr4", 3, 9), ("chr2", 777, 795)],
]


@pytest.fixture(scope="module")
def sites():
    table = pd.DataFrame(ROWS, columns=["chrom", "start", "end"])
    return table.assign(name=[f"s{i}" for i in range(len(ROWS))], score=0.5)


@pytest.fixture(scope="module")
def opened(genome, networks):
    tracks = Tracks(genome.fasta, genome.signal_files)
    return Decoder(networks[2:], 2048, batch_size=2, both_strands=True), tracks


def run(opened, sites, directory, outcomes=None, mutagenesis=True):
    directory.mkdir(exist_ok=True)
    chromosomes = ["chr1", "chr2"]
    explain_sites(
        sites, *opened, chromosomes, mutagenesis, outcomes, directory / "parts", directory
    )


@pytest.fixture(scope="module")
def explained(opened, sites, tmp_path_factory):
    directory = tmp_path_factory.mktemp("explained")
    run(opened, sites, directory, ["right", "wrong", *["unknown"] * 5])
    return directory


def test_files_hold_what_the_library_says(opened, sites, explained, genome):
    decoder, tracks = opened
    layout = lay_out(sites, decoder, tracks.chrom_sizes)
    composition = measure_background(tracks, ["chr1", "chr2"])
    explainer = Explainer(decoder.networks, composition, True, BATCH)
    table = read_table(explained / "sites.tsv")
    assert list(table) == ["chrom", "start", "end", "name", "score", *MEASURES, "outcome"]
    assert table["outcome"].tolist()[:3] == ["right", "wrong", "unknown"]
    total = table["reference"] + table["sequence"] + table["accessibility"]
    np.testing.assert_allclose(total, table["logit"], rtol=1e-4)
    halves = table["sequence_with_accessibility"] + table["sequence_without_accessibility"]
    np.testing.assert_allclose(table["sequence"], halves / 2, rtol=1e-4)
    with h5py.File(explained / "contributions.h5") as h5:
        one_hot, scores, own = (h5[f"{x}/seq"][:] for x in ("raw", "shap", "projected_shap"))
    for row in range(len(sites)):
        windows = layout.read(tracks, np.array([row]))
        found = explainer.explain(windows)
        hypothetical = layout.crop(found.hypothetical, np.array([row]))[0]
        np.testing.assert_allclose(scores[row].T, hypothetical, atol=1e-4)
        assert table["logit"][row] == pytest.approx(found.logit.item(), rel=1e-4, abs=1e-4)
        inside = windows.site > 0
        losses = -mutate(explainer, windows, inside).sum(-1)[inside]
        known = windows.codes[inside] < 4
        ranks = pd.Series(losses[known]).corr(
            pd.Series(found.observed(windows.codes)[inside][known]), method="spearman"
        )
        assert table["mutagenesis_correlation"][row] == pytest.approx(ranks, abs=0.05)
    # One-hot letters are the genome's, and with the scores make those of present bases.
    first = layout.first[0]
    letters = genome.sequences["chr1"][first : first + layout.width].upper()
    expected = [[float(base == letter) for letter in letters] for base in "ACGT"]
    np.testing.assert_array_equal(one_hot[0], expected)
    np.testing.assert_array_equal(own, scores * one_hot)
    # Bases add up to the sequence's change, but for the error.
    change = table["sequence_with_accessibility"]
    errors = np.abs(own.sum((1, 2)) - change) / np.abs(change)
    np.testing.assert_allclose(errors, table["completeness_error"], atol=1e-3)
    for name, array in (("sequences", one_hot), ("hypothetical", scores)):
        with np.load(explained / f"modisco.{name}.npz") as arrays:
            np.testing.assert_array_equal(arrays["arr_0"], array)
    assert not (explained / "parts").exists()


def test_the_track_has_each_base_of_the_nearest_site(opened, sites, explained):
    layout = lay_out(sites, opened[0], opened[1].chrom_sizes)
    with h5py.File(explained / "contributions.h5") as h5:
        own = h5["projected_shap/seq"][:].sum(1)
    middles = (sites["start"] + sites["end"]).to_numpy() // 2
    with pyBigWig.open(str(explained / "contributions.bigWig")) as bigwig:
        for chrom, size in bigwig.chroms().items():
            found = np.nan_to_num(bigwig.values(chrom, 0, size, numpy=True))
            rows = np.flatnonzero(sites["chrom"] == chrom)
            bases = np.arange(size)
            nearest = rows[np.abs(middles[rows] - bases[:, None] - 0.1).argmin(axis=1)]
            columns = bases - layout.first[nearest]
            inside = (columns >= 0) & (columns < layout.width)
            wanted = np.where(inside, own[nearest, np.where(inside, columns, 0)], 0)
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_shared_bases_are_those_of_the_nearest():
    middles = np.array([50, 10, 50, 30])
    shared = list(share_bases(middles - 15, 31, middles, 60))
    assert shared == [(1, 0, 20), (3, 20, 40), (0, 40, 50), (2, 50, 60)]
    assert not list(share_bases(middles[:0], 31, middles[:0], 60))


def test_what_was_explained_is_kept_if_nothing_changed(opened, sites, tmp_path, monkeypatch):
    monkeypatch.setattr(explain, "PART", 3)
    run(opened, sites, tmp_path / "whole", mutagenesis=False)
    done, real = [], explain._explain_part

    def stop(explainer, layout, tracks, rows, *others):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(int(rows[0]))
        real(explainer, layout, tracks, rows, *others)

    monkeypatch.setattr(explain, "_explain_part", stop)
    stopped = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        run(opened, sites, stopped, mutagenesis=False)
    done.append(-1)
    run(opened, sites, stopped, mutagenesis=False)
    assert done == [0, 3, -1, 6]
    names = {x.name for x in stopped.iterdir()}
    assert names == {x.name for x in (tmp_path / "whole").iterdir()} and len(names) == 5
    for name in names:
        assert (stopped / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    table = read_table(stopped / "sites.tsv")
    assert table["mutagenesis_correlation"].isna().all() and table["outcome"].isna().all()

    # Other sites are no part of it.
    done.clear()
    with pytest.raises(KeyboardInterrupt):
        run(opened, sites, stopped, mutagenesis=False)
    done[:] = [-1]
    run(opened, sites.iloc[1:4], stopped, mutagenesis=False)
    assert done == [-1, 0]


def test_no_sites(opened, sites, tmp_path):
    run(opened, sites.head(0), tmp_path)
    assert len(read_table(tmp_path / "sites.tsv")) == 0
    with h5py.File(tmp_path / "contributions.h5") as h5:
        assert len(h5["shap/seq"]) == 0
