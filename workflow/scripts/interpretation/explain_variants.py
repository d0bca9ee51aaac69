from pathlib import Path

from job import devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard.interpretation.variant_examples import list_best, write_letters

    files, params = snakemake.input, snakemake.params
    examples, letters = list_best([Path(x) for x in files.drawn]), {}
    if examples:  # networks take seconds to load
        from leopard import devices

        devices.set_up(**devices_of(snakemake))

        from leopard import models
        from leopard.decoding.decoder import Decoder
        from leopard.evaluation.motif_scores import measure_background
        from leopard.inputs.signals import open_line
        from leopard.interpretation.variant_contributions import explain_alleles

        tracks = open_line(files.fasta, params.signals, excluded=files.excluded)
        decoder = Decoder(
            [models.load(Path(x)) for x in files.models],
            # From the config, not params: they change the speed alone, so no job reruns for them.
            snakemake.config["prediction"]["tile_length"],
            snakemake.config["prediction"]["batch_size"],
            params.both_strands,
        )
        composition = measure_background(tracks, params.chromosomes)
        letters = explain_alleles(examples, decoder, tracks, composition)
    write_letters(Path(snakemake.output[0]), letters)
