import os
from pathlib import Path

from job import job

with job(snakemake.log[0], snakemake.input):
    os.environ["NUMBA_NUM_THREADS"] = str(snakemake.threads)  # read when it is imported

    import pandas as pd
    from leopard.genome.formats import read_motifs, read_table
    from leopard.genome.tracks import read_chrom_sizes
    from leopard.interpretation.motif_matches import match_patterns, write_meme, write_table
    from leopard.interpretation.motif_patterns import read_patterns
    from leopard.interpretation.motif_places import (
        export_regions,
        place_seqlets,
        scan_contributions,
        write_bed,
    )

    files, output = snakemake.input, {k: Path(x) for k, x in snakemake.output.items()}
    patterns, width = read_patterns(Path(files.patterns))
    matches = match_patterns(patterns, read_motifs(Path(files.known)))
    write_table(patterns, matches, output["table"])
    write_meme(patterns, output["meme"])
    sites, scores = read_table(files.table), Path(files.h5)
    sizes = pd.Series(read_chrom_sizes(Path(files.fasta)))
    write_bed(place_seqlets(patterns, sites, width), output["seqlets"], sizes)
    write_bed(scan_contributions(scores, patterns, sites, width), output["hits"], sizes)
    export_regions(scores, sites, output["finemo"])
