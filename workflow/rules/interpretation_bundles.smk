# Why sites are called, and what variants change, by bundles.
# Needs: bundles, the genome, the cell lines' bigWigs, predictions/ of a study that only decodes.
# Makes: interpretation/{model}/{cell_line}/, why sites are called (target explain);
#        variants/{model}/{cell_line}.tsv, and .vcf if one is given, what variants change (target
#        variants); report/contributions/, figures of the former.


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


rule plot_explained:
    input:
        **checked_genome,
        table=study.explained["table"],
        h5=study.explained["h5"],
        prediction=study.prediction(),
        signals=lambda w: study.raw_signals[w.cell_line][study.main(w.cell_line)],
        motif=[],
    output:
        shares=report(
            f"{study.out}/report/contributions/{{model}}/{{cell_line}}.shares.png",
            caption="../report/interpretation/shares.rst",
            category="Contributions",
            labels={"contributions": "Shares", "model": "{model}", "cell line": "{cell_line}"},
        ),
        logos=report(
            f"{study.out}/report/contributions/{{model}}/{{cell_line}}.logos.png",
            caption="../report/interpretation/logos.rst",
            category="Contributions",
            labels={"contributions": "Logos", "model": "{model}", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_explained/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_explained/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        signals=lambda w, input: {study.main(w.cell_line): (list(input.signals), [])},
        title=lambda w: f"Contributions: {w.model} in {w.cell_line}",
        accessibility=lambda w: f"{study.main(w.cell_line)}\n(as given)",
    script:
        "../scripts/report/plot_contributions.py"


rule score_with_bundle:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        bundle_check=ancient(study.bundle_check()),
        signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
        variants=present(study.variants),
    output:
        **study.variant_results,
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


rule explain:
    input:
        collect(
            [*study.explained.values(), *rules.plot_explained.output],
            model=study.models,
            cell_line=study.cell_lines,
        ),
    localrule: True


rule variants:
    input:
        needs(
            study.variants,
            "variants.file",
            collect(
                list(study.variant_results.values()),
                model=study.models,
                cell_line=study.cell_lines,
            ),
        ),
    localrule: True
