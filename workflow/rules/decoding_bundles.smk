# A study that only decodes, with bundles.
# Needs: bundles, the genome, the cell lines' bigWigs; it may be a BED of regions.
# Makes: checks/{model}.bundle.tsv; predictions/{model}/{cell_line}.bigWig, .narrowPeak and
#        .calls.tsv, as in a study that trains; .measures.tsv, what the signals are like as the bundle
#        measures them; and of regions, .regions.tsv, what was found in each.


rule check_bundle:
    input:
        genome=study.genome_check,
        fasta=study.fasta,
        fai=study.fai,
        bundle=present(lambda w: [study.bundles[w.model]]),
        counted_as=present(study.counted_as) if study.reads else [],
    output:
        study.bundle_check(),
    log:
        f"{study.out}/logs/check_bundle/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/check_bundle/{{model}}.tsv"
    retries: 0  # a bundle that does not fit is no better the next time
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        checksum=lambda w: study.checksums[w.model],
        lines={line: list(own) for line, own in study.raw_signals.items()},
        counted=sorted({track for _, track, _ in study.reads}),
        other_genome=study.other_genome,
    script:
        "../scripts/decoding/check_bundle.py"


rule decode_with_bundle:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        bundle_check=ancient(study.bundle_check()),
        signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
        regions=study.regions,
    output:
        **{"regions": study.region_table() for _ in study.regions},
        track=study.prediction(),
        calls=study.calls(),
        counts=f"{study.out}/predictions/{{model}}/{{cell_line}}.calls.tsv",
        measures=study.measures(),
    log:
        f"{study.out}/logs/decode_with_bundle/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/decode_with_bundle/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(240),
    params:
        signals=lambda w: study.raw_signals[w.cell_line],
        chromosomes=study.decoded,
        other_genome=study.other_genome,
        precision=config["precision"],
        work=f"{study.out}/checkpoints/{{model}}/{{cell_line}}",
    script:
        "../scripts/decoding/decode_with_bundle.py"


rule predict:
    input:
        collect(
            f"{study.out}/predictions/{{model}}/{{cell_line}}.{{kind}}",
            model=study.models,
            cell_line=study.cell_lines,
            kind=study.kinds,
        ),
    localrule: True
