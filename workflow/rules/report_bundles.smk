# Needs: predictions/ of a study that decodes with bundles, and the bundles.
# Makes: predictions/summary.tsv, what was decoded and called, and signals.tsv, what the signals are
#        like beside those that the networks were trained on; report/, the pages that snakemake
#        --report puts into report.html.


rule summarise_decoding:
    input:
        bundles=list(study.bundles.values()),
        tracks=collect(study.prediction(), model=study.models, cell_line=study.cell_lines),
        calls=collect(study.calls(), model=study.models, cell_line=study.cell_lines),
        measures=collect(study.measures(), model=study.models, cell_line=study.cell_lines),
    output:
        summary=f"{study.out}/predictions/summary.tsv",
        signals=f"{study.out}/predictions/signals.tsv",
        page=report(
            f"{study.out}/report/decoding.html",
            caption="../report/decoding/decoded.rst",
            category="Results",
            labels={"result": "What was decoded", "model": "all"},
        ),
    log:
        f"{study.out}/logs/report/summarise_decoding.log",
    benchmark:
        f"{study.out}/benchmarks/report/summarise_decoding.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        decoded=[(model, line) for model in study.models for line in study.cell_lines],
        models=study.models,
    script:
        "../scripts/report/summarise_decoding.py"


rule tabulate_likeness:
    input:
        collect(study.likeness(), model=study.models, cell_line=study.cell_lines),
    output:
        report(
            f"{study.out}/report/likeness.html",
            caption="../report/evaluation/likeness.rst",
            category="Answer",
            labels={"answer": "Are the tracks like those trained on?"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_likeness.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_likeness.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/tabulate_likeness.py"


rule plot_profile:
    input:
        bundle=lambda w: study.bundles[w.model],
        painted=study.painted(),
    output:
        report(
            f"{study.out}/report/profiles/{{model}}/{{cell_line}}.svg",
            caption="../report/evaluation/profile.rst",
            category="Results",
            labels={"result": "Around motifs: {cell_line}", "model": "{model}"},
        ),
    log:
        f"{study.out}/logs/report/plot_profile/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_profile/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/plot_profile.py"


rule browse_decoded:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        signals=[x for own in study.raw_signals.values() for y in own.values() for x in y],
        predictions=[study.prediction(cell_line=line) for line in study.cell_lines],
        calls=[study.calls(cell_line=line) for line in study.cell_lines],
        igv=workflow.source_path("../../resources/igv/igv.min.js"),
    output:
        report(
            f"{study.out}/report/tracks/{{model}}.html",
            caption="../report/decoding/tracks.rst",
            category="Tracks",
            labels={"tracks": "Sites to browse", "model": "{model}"},
        ),
    log:
        f"{study.out}/logs/report/browse_decoded/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/browse_decoded/{{model}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        signals={line: study.raw_signals[line] for line in study.cell_lines},
    script:
        "../scripts/report/browse_decoded.py"


rule show_card:
    input:
        lambda w: study.bundles[w.model],
    output:
        report(
            f"{study.out}/report/cards/{{model}}.html",
            caption="../report/decoding/card.rst",
            category="Bundles",
            labels={"model": "{model}", "bundle": "Card"},
        ),
    log:
        f"{study.out}/logs/report/show_card/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/show_card/{{model}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/show_card.py"


if study.label_files:

    rule tabulate_judged:
        input:
            [study.judged(*pair)["metrics"] for pair in study.label_files],
        output:
            report(
                f"{study.out}/report/judged.html",
                caption="../report/evaluation/judged.rst",
                category="Answer",
                labels={"answer": "How good are the tracks, by labels?"},
            ),
        log:
            f"{study.out}/logs/report/tabulate_judged.log",
        benchmark:
            f"{study.out}/benchmarks/report/tabulate_judged.tsv"
        conda:
            "../../envs/report.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        params:
            judged=list(study.label_files),
        script:
            "../scripts/report/tabulate_judged.py"

    rule plot_judged:
        input:
            **study.judged(),
        output:
            curves=report(
                f"{study.out}/report/precision_recall/{{model}}/{{cell_line}}.svg",
                caption="../report/evaluation/judged_curves.rst",
                category="Results",
                labels={"result": "Precision and recall: {cell_line}", "model": "{model}"},
            ),
            reliability=report(
                f"{study.out}/report/reliability/{{model}}/{{cell_line}}.svg",
                caption="../report/evaluation/judged_reliability.rst",
                category="Results",
                labels={"result": "Reliability: {cell_line}", "model": "{model}"},
            ),
        log:
            f"{study.out}/logs/report/plot_judged/{{model}}/{{cell_line}}.log",
        benchmark:
            f"{study.out}/benchmarks/report/plot_judged/{{model}}/{{cell_line}}.tsv"
        conda:
            "../../envs/report.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        script:
            "../scripts/report/plot_judged.py"


if study.regions:

    rule tabulate_regions:
        input:
            study.region_table(),
        output:
            report(
                f"{study.out}/report/regions/{{model}}/{{cell_line}}.html",
                caption="../report/decoding/regions.rst",
                category="Regions",
                labels={"model": "{model}", "cell line": "{cell_line}"},
            ),
        log:
            f"{study.out}/logs/report/tabulate_regions/{{model}}/{{cell_line}}.log",
        benchmark:
            f"{study.out}/benchmarks/report/tabulate_regions/{{model}}/{{cell_line}}.tsv"
        conda:
            "../../envs/report.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(10),
        script:
            "../scripts/report/tabulate_regions.py"


rule report:
    input:
        rules.tabulate_likeness.output,
        rules.summarise_decoding.output,
        collect(rules.plot_profile.output, model=study.models, cell_line=study.cell_lines),
        collect(rules.browse_decoded.output, model=study.models),
        collect(rules.show_card.output, model=study.models),
        [
            f"{study.out}/report/regions/{model}/{line}.html"
            for _ in study.regions
            for model in study.models
            for line in study.cell_lines
        ],
        [f"{study.out}/report/judged.html"] * bool(study.label_files),
        [
            f"{study.out}/report/{kind}/{model}/{line}.svg"
            for kind in ("precision_recall", "reliability")
            for model, line in study.label_files
        ],
        rules.tabulate_inputs.output,
        rules.tabulate_benchmarks.output,
        rules.write_config.output,
    localrule: True
