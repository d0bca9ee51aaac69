"""A painted cell line through a bundle's manifest and back."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import SIZES
from jsonschema import Draft202012Validator
from leopard.decoding.bundle_file import SCHEMA
from leopard.evaluation.likeness import DOUBTFUL, FITS
from leopard.evaluation.new_line import UNKNOWN, describe_motif, judge_line, paint_line

MEASURES = {"mean": 2.0, "covered": 0.4, "q99": 20.0, "q99.9": 50.0}
CALLS = pd.DataFrame({"chrom": ["chr1"], "start": [100], "end": [900]})
MEASURED = {"accessibility": list(SIZES)}


@pytest.fixture
def motif(tmp_path):
    path = tmp_path / "motif.jaspar"
    path.write_text(">short\nA [ 9 0 1 ]\nC [ 0 9 1 ]\nG [ 1 1 9 ]\nT [ 0 0 0 ]\n")
    return describe_motif(path)


def test_what_a_bundle_keeps_is_as_its_schema_has_it(genome, motif):
    signals = {"accessibility": genome.signal_files[:1]}
    painted = paint_line(genome.fasta, signals, MEASURED, motif, CALLS, None)
    rules = json.loads(SCHEMA.read_text())["properties"]
    for key, value in (("motif", motif), ("portraits", {"a": painted})):
        kept = json.loads(json.dumps(value, allow_nan=False))
        assert not list(Draft202012Validator(rules[key]).iter_errors(kept)), key
    assert motif["name"] == "short" and np.shape(motif["matrix"]) == (4, 3)
    assert painted["calls"] == 1 and painted["tracks"]["accessibility"]["profile"] == []


def test_without_a_motif_there_are_no_hits(genome):
    signals = {"accessibility": genome.signal_files[:1]}
    painted = paint_line(genome.fasta, signals, MEASURED, None, CALLS, None)
    assert painted["with_motif"] is None and painted["tracks"]["accessibility"]["hits"] == 0


def paint(unit=1.0, with_motif=0.9):
    track = {"unit": unit, "hits": 9, "profile": [], "centre": 0.0, "error": 0.0}
    return {"calls": 300, "with_motif": with_motif, "tracks": {"accessibility": track}}


@pytest.mark.parametrize(
    ("new", "measures", "verdict"),
    [
        (paint(), MEASURES, FITS),
        (paint(unit=0.5), MEASURES, DOUBTFUL),
        (paint(with_motif=0.2), MEASURES, DOUBTFUL),
        (paint(with_motif=None), MEASURES, FITS),
        (paint(), {**MEASURES, "covered": 0.1}, DOUBTFUL),
    ],
)
def test_the_verdict(new, measures, verdict):
    trained = {"accessibility": {"a": MEASURES}}
    (row,) = judge_line(new, {"accessibility": measures}, {"a": paint()}, trained).itertuples()
    assert (row.track, row.verdict) == ("accessibility", verdict)
    assert bool(row.against) == (verdict == DOUBTFUL) and row.depth == 2 / (row.unit or 1)


def test_what_the_bundle_does_not_know():
    given = paint(), {"accessibility": MEASURES}
    table = judge_line(*given, {}, {"accessibility": {"a": MEASURES}})
    assert table["verdict"].item() == FITS  # by the measures alone
    for nothing in ({}, {"a": {"mean": 1.0}}):
        table = judge_line(*given, {}, {"accessibility": nothing})
        assert table["verdict"].item() == UNKNOWN
