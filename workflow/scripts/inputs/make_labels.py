from pathlib import Path

from job import job
from leopard.genome.formats import read_motif, read_narrowpeak
from leopard.genome.tracks import Tracks
from leopard.inputs.labels import label_motif_hits, label_peaks, write_labels

with job(snakemake.log[0]):
    tracks = Tracks(Path(snakemake.input.fasta))
    peaks = read_narrowpeak(Path(snakemake.input.peaks), tracks.chrom_sizes, used=())  # checked
    if snakemake.input.motif:
        _, motif = read_motif(Path(snakemake.input.motif[0]))
        best_only = snakemake.params.hits == "best"
        bound, masked = label_motif_hits(tracks, peaks, motif, snakemake.params.p_value, best_only)
    else:
        bound, masked = label_peaks(peaks, tracks.chrom_sizes, snakemake.params.flank), None
    write_labels(Path(snakemake.output[0]), tracks.chrom_sizes, bound, masked)
