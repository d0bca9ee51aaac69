"""Which sites are explained, and that their windows hold all that their logits depend on."""

import numpy as np
import pandas as pd
import pytest
from leopard.decoding.decoder import Decoder
from leopard.decoding.peaks import call_peaks, write_narrowpeak
from leopard.decoding.regions import decode_regions
from leopard.errors import InputError
from leopard.genome.tracks import Tracks
from leopard.interpretation.contribution_sites import (
    choose_calls,
    judge_sites,
    lay_out,
    read_sites,
)
from leopard.interpretation.contributions import Explainer


@pytest.fixture
def calls(tmp_path):
    probabilities = np.zeros(3000, np.float32)
    probabilities[100:120], probabilities[500:1000], probabilities[700] = 0.6, 0.8, 0.9
    write_narrowpeak(tmp_path / "calls.narrowPeak", call_peaks("chr2", probabilities, 0.5))
    return tmp_path / "calls.narrowPeak"


def test_the_best_calls_around_their_summits(calls):
    sites = choose_calls(calls)
    assert sites[["chrom", "start", "end"]].values.tolist() == [
        ["chr2", 700 - 128, 700 + 128],
        ["chr2", 100, 120],
    ]
    assert choose_calls(calls, best=1)["score"].tolist() == pytest.approx([0.9])
    calls.write_text("")
    assert choose_calls(calls).empty


def test_sites_of_a_bed(tmp_path):
    bed = tmp_path / "sites.bed"
    bed.write_text("chr3\t0\t900\nchr2\t5\t9\n")
    sites = read_sites(bed, {"chr2": 3000, "chr3": 1000})
    assert sites[["start", "end"]].values.tolist() == [[322, 578], [5, 9]]
    bed.write_text("chr9\t0\t900\n")
    with pytest.raises(InputError, match="no sites on the genome"):
        read_sites(bed, {"chr2": 3000})


def test_windows_hold_what_a_logit_depends_on(genome, networks):
    """At both ends of chromosomes, and off the grid, probabilities are those of the genome."""
    tracks = Tracks(genome.fasta, genome.signal_files)
    decoder = Decoder(networks[2:], 2048, batch_size=2, both_strands=False)
    rows = [("chr1", 5003, 5004), ("chr1", 0, 1), ("chr1", 20_010, 20_011), ("chr1", 777, 778)]
    sites = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    layout = lay_out(sites, decoder, tracks.chrom_sizes)
    every = np.arange(len(sites))
    windows = layout.read(tracks, every)
    explainer = Explainer(networks[2:], np.full(4, 0.25), False, batch_size=4)
    found = 1 / (1 + np.exp(-explainer.logits(windows).astype(np.float64)))
    expected = np.concatenate(list(decode_regions(decoder, tracks, rows)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # What is kept is centred, and is the sequence that was computed with.
    codes = layout.codes(tracks, every)
    assert codes.shape == (4, 1 + 2 * decoder.halo)
    np.testing.assert_array_equal(layout.crop(windows.codes + 1, every)[0], codes[0] + 1)
    assert codes[0, decoder.halo] == tracks.codes("chr1", 5003, 5004)[0]
    assert (codes[1, : decoder.halo] == 4).all()
    site = layout.crop(windows.site, every)
    assert (site.argmax(1) == decoder.halo).all()


def test_sites_off_the_genome_are_refused(genome, networks):
    decoder = Decoder(networks[2:], 2048, batch_size=2, both_strands=False)
    sites = pd.DataFrame([("chr2", 2990, 3010)], columns=["chrom", "start", "end"])
    with pytest.raises(InputError, match="chr2:2990-3010"):
        lay_out(sites, decoder, {"chr2": 3000})


def test_sites_are_right_wrong_or_unknown(genome):
    labels = genome.labels["chr1"]
    bound = int(np.flatnonzero(labels == 1)[0])
    tracks = Tracks(genome.fasta, labels=genome.labels_file)
    near = np.array([(labels[max(i - 60, 0) : i + 61] == 1).any() for i in range(len(labels))])
    wrong = int(np.flatnonzero(~near & (labels == 0))[100])
    rows = [("chr1", bound - 5, bound + 5), ("chr1", wrong, wrong + 1)]
    sites = pd.DataFrame(rows, columns=["chrom", "start", "end"])
    assert judge_sites(sites, tracks) == ["right", "wrong"]
