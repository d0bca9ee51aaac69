from pathlib import Path

from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard.genome.formats import read_table
    from leopard.interpretation.alleles import Settings, scored_chromosomes
    from leopard.interpretation.variant_results import write_nothing

    files, params, chrom = snakemake.input, snakemake.params, snakemake.wildcards.chrom
    outputs = Path(snakemake.output.scores), Path(snakemake.output.drawn)
    counts = read_table(files.counts)
    if chrom not in scored_chromosomes(counts):
        write_nothing(chrom, *outputs)  # networks take seconds to load
    else:
        from leopard import devices

        devices.set_up(**devices_of(snakemake))

        from leopard.decoding import calibration
        from leopard.inputs.signals import open_line
        from leopard.interpretation.variant_scores import Scorer
        from leopard.interpretation.variants import score_file

        settings = Settings(**params.settings)
        decoder = decoder_of(snakemake)
        tracks = open_line(files.fasta, params.signals, excluded=files.excluded)
        maps = [calibration.read(Path(x)) for x in files.calibration]
        scorer = Scorer(
            decoder,
            tracks,
            settings.neighbourhood,
            settings.longest_allele,
            maps[0] if maps else calibration.Calibration(),
        )
        score_file(
            scorer,
            Path(files.variants[0]),
            Path(files.fasta),
            chrom,
            params.chromosomes,
            counts,
            settings,
            outputs,
        )
