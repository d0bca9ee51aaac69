from pathlib import Path

from job import job

with job(snakemake.log[0], snakemake.input) as terminal:
    from leopard.decoding import calibration
    from leopard.decoding.export import export_model, read_summary
    from leopard.evaluation.new_line import describe_motif, paint_line
    from leopard.genome.formats import NARROWPEAK, read_table
    from leopard.genome.tracks import read_chrom_sizes

    files, params = snakemake.input, snakemake.params

    def paths(named: dict[str, str]) -> dict[str, Path]:
        """Of text."""
        return {name: Path(x) for name, x in named.items()}

    motif = next((describe_motif(Path(x)) for x in files.motif), None)
    portraits = {
        line: paint_line(
            Path(files.fasta),
            {track: [Path(x) for x in signals[track]] for track in params.measures},
            {track: own["measured"] for track, own in params.described["tracks"].items()},
            motif,
            read_table(calls, NARROWPEAK),
            Path(files.excluded),
        )
        for (line, signals), calls in zip(params.signals.items(), files.calls, strict=True)
    }
    digest = export_model(
        Path(snakemake.output[0]),
        params.described,
        dict(zip(params.described["members"], map(Path, files.models), strict=True)),
        Path(files.excluded),
        read_chrom_sizes(Path(files.fasta)),
        read_table(files.threshold)["threshold"].item(),
        next((calibration.read(Path(x)) for x in files.calibration), None),
        read_summary(Path(files.summary), snakemake.wildcards.model, params.baselines),
        {track: paths(lines) for track, lines in params.measures.items()},
        paths(params.references),
        paths(params.averages),
        motif,
        portraits,
    )
    print(f"{snakemake.output[0]}: sha256:{digest}", file=terminal)
