# Why sites are called, and what variants change, by bundles.
# Needs: bundles, the genome, the cell lines' bigWigs, predictions/ of a study that only decodes.
# Makes: interpretation/{model}/{cell_line}/, why sites are called;
#        variants/{model}/{cell_line}.tsv, and .vcf if one is given, what variants change.


rule explain_with_bundle:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        bundle_check=ancient(study.bundle_check()),
        signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
        calls=study.calls(),
        sites=present(study.sites),
    output:
        **study.explained,
    log:
        f"{study.out}/logs/explain_with_bundle/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/explain_with_bundle/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        signals=lambda w: study.raw_signals[w.cell_line],
        other_genome=study.other_genome,
        best=config["explain"]["best"],
        mutagenesis=config["explain"]["mutagenesis"],
        work=f"{study.out}/checkpoints/{{model}}/{{cell_line}}.explained",
    script:
        "../scripts/interpretation/explain_with_bundle.py"


rule score_with_bundle:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        bundle_check=ancient(study.bundle_check()),
        signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
        variants=present(study.variants),
    output:
        **study.variant_results,
        drawn=directory(study.drawn_variants()[0]),
        letters=study.variant_letters,
    log:
        f"{study.out}/logs/score_with_bundle/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/score_with_bundle/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(8000),
        runtime=grows(240),
    params:
        signals=lambda w: study.raw_signals[w.cell_line],
        other_genome=study.other_genome,
        settings=study.variant_settings,
        keep_mismatches=config["variants"]["mismatches"] == "keep",
        work=f"{study.out}/checkpoints/{{model}}/{{cell_line}}.scored/{{cell_line}}",
    script:
        "../scripts/interpretation/score_with_bundle.py"
