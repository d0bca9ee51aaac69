"""Planted variants scored by a network that is the planted matrix: the truth is known exactly."""

import keras
import numpy as np
import pysam
import pytest
from conftest import CTCF
from leopard.decoding.calibration import Calibration
from leopard.decoding.decoder import Decoder
from leopard.genome.formats import read_motif
from leopard.genome.tracks import Tracks
from leopard.inputs.genome_file import prepare_genome
from leopard.inputs.simulate import PSEUDOCOUNT, simulate_genome
from leopard.inputs.simulated_variants import simulate_variants
from leopard.interpretation.profiles import SCORE
from leopard.interpretation.variant_scores import Scorer
from leopard.interpretation.variants import list_variants
from leopard.models.encoding import InputEncoding
from scipy.stats import rankdata, spearmanr

SLOPE, MIDPOINT = 0.3, 40.0
"""Of the logit over the score in bits; so far up that no site comes near a probability of 1."""


@pytest.fixture(scope="module")
def matrix_network(device):
    """Its logit is linear in the matrix score of the bases around; accessibility adds nothing."""
    log_odds = np.log2(read_motif(CTCF)[1].T + PSEUDOCOUNT) + 2
    codes = keras.Input((None,), dtype="uint8", name="codes")
    signal = keras.Input((None, 1), dtype="float32", name="signal")
    encoding = InputEncoding("ACGT", [{"name": "accessibility", "transform": "log1p"}])
    layer = keras.layers.Conv1D(1, len(log_odds), padding="same", activation="sigmoid")
    network = keras.Model([codes, signal], layer(encoding([codes, signal])))
    kernel = np.pad(SLOPE * log_odds, ((0, 0), (0, 1)))[:, :, None]
    layer.set_weights([kernel, np.array([-SLOPE * MIDPOINT])])
    return network


def test_scores_rank_as_the_changes_of_the_matrix(matrix_network, tmp_path):
    simulate_genome(tmp_path, CTCF, 1, ["a"], {"chr1": 150_000})
    fasta, vcf = tmp_path / "genome.fa", tmp_path / "variants.vcf"
    prepare_genome(tmp_path / "genome.fa.gz", fasta)
    simulate_variants(fasta, tmp_path / "truth.tsv", CTCF, 1, ["chr1"], vcf)
    tracks = Tracks(fasta, [tmp_path / "a.bigWig"])
    scorer = Scorer(Decoder([matrix_network], 8192, 4, True), tracks, 40, 50, Calibration())
    variants = list_variants(vcf, Tracks(fasta), "chr1", ["chr1"], 50)
    scores = np.concatenate([x[:, SCORE] for _, x, _ in scorer.score("chr1", variants)])
    with pysam.VariantFile(str(vcf)) as records:
        planted, change = zip(*(("SITE" in x.info, x.info["CHANGE"]) for x in records), strict=True)
    planted, change = np.array(planted), np.array(change)
    assert spearmanr(scores[planted], change[planted])[0] > 0.95
    # Where the site stays the best of its neighbourhood, the score is the change, scaled.
    near = np.isclose(scores, SLOPE * change, atol=0.02)
    assert near[planted].mean() > 0.8
    larger = planted & (np.abs(change) > 1)
    ranks = rankdata(np.abs(np.concatenate([scores[larger], scores[~planted]])))
    n, m = larger.sum(), (~planted).sum()
    auroc = (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)
    assert n > 50 and m > 40 and auroc > 0.95
