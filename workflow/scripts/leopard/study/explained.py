"""Names of the files that hold why sites are called."""

EXPLAINED = {
    "table": "sites.tsv",
    "track": "contributions.bigWig",
    "h5": "contributions.h5",
    "sequences": "modisco.sequences.npz",
    "hypothetical": "modisco.hypothetical.npz",
}
"""By kind, below the directory of a model and cell line."""
