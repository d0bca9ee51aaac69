"""Names of the files that hold why sites are called."""

EXPLAINED = {
    "table": "sites.tsv",
    "track": "contributions.bigWig",
    "h5": "contributions.h5",
    "sequences": "modisco.sequences.npz",
    "hypothetical": "modisco.hypothetical.npz",
}
"""By kind, below the directory of a model and cell line."""

ONE_HOT, HYPOTHETICAL, OBSERVED = "raw/seq", "shap/seq", "projected_shap/seq"
"""Arrays of the HDF5, [sites, 4, width], rows A C G T, called as ChromBPNet calls them."""

MOTIFS = {
    "patterns": "motifs.h5",
    "table": "motifs.tsv",
    "seqlets": "motifs.seqlets.bed",
    "hits": "motifs.hits.bed",
    "meme": "motifs.meme",
    "finemo": "motifs.finemo.npz",
}
"""Of motifs in contributions, in the same directory."""

LEAST_SITES = 100
"""TF-MoDISco finds nothing in as many seqlets or fewer, of which a site has about one."""

TAXA = ("vertebrates", "insects", "nematodes", "urochordates", "fungi", "plants", "diatoms")
"""Groups of JASPAR, of which a motif database may be one."""
