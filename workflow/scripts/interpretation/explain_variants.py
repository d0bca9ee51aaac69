from pathlib import Path

from job import decoder_of, devices_of, job

with job(snakemake.log[0], snakemake.input):
    from leopard.interpretation.variant_examples import list_best, write_letters

    files, params = snakemake.input, snakemake.params
    examples, letters = list_best([Path(x) for x in files.drawn]), {}
    if examples:  # networks take seconds to load
        from leopard import devices

        devices.set_up(**devices_of(snakemake))

        from leopard.evaluation.motif_scores import measure_background
        from leopard.inputs.signals import open_line
        from leopard.interpretation.variant_contributions import explain_alleles

        tracks = open_line(files.fasta, params.signals, excluded=files.excluded)
        decoder = decoder_of(snakemake)
        composition = measure_background(tracks, params.chromosomes)
        letters = explain_alleles(examples, decoder, tracks, composition)
    write_letters(Path(snakemake.output[0]), letters)
