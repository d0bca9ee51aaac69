# Figures of contributions, of motifs and of variants, in every study.
# Needs: interpretation/{model}/{cell_line}/, variants/, predictions/ and the bigWigs.
# Makes: report/contributions/, report/motifs/, report/variants/ (targets explain, motifs, variants).


rule plot_contributions:
    input:
        **checked_genome,
        table=study.explained["table"],
        h5=study.explained["h5"],
        prediction=study.prediction(),
        signals=lambda w: [x for pair in study.shown(w.cell_line).values() for y in pair for x in y],
        motif=study.motif,
        carried=lambda w: study.carried(w.model),
    output:
        shares=report(
            f"{study.out}/report/contributions/{{model}}/{{cell_line}}.shares.png",
            caption="../report/interpretation/shares.rst",
            category="Contributions",
            labels=study.factor_label
            | {"contributions": "Shares", "model": "{model}", "cell line": "{cell_line}"},
        ),
        logos=report(
            f"{study.out}/report/contributions/{{model}}/{{cell_line}}.logos.png",
            caption="../report/interpretation/logos.rst",
            category="Contributions",
            labels=study.factor_label
            | {"contributions": "Logos", "model": "{model}", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_contributions/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_contributions/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        signals=lambda w: study.shown(w.cell_line),
        title=lambda w: f"Contributions: {study.subject(w.model, w.cell_line)}",
        accessibility=lambda w: study.shown_label(w.cell_line),
    script:
        "../scripts/report/plot_contributions.py"


rule plot_motifs:
    input:
        patterns=study.motifs_found["patterns"],
        table=study.motifs_found["table"],
        known=study.known_motifs,
    output:
        report(
            f"{study.out}/report/motifs/{{model}}/{{cell_line}}.png",
            caption="../report/interpretation/motifs.rst",
            category="Contributions",
            labels=study.factor_label
            | {"contributions": "Motifs", "model": "{model}", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_motifs/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_motifs/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        title=lambda w: f"Motifs: {study.subject(w.model, w.cell_line)}",
    script:
        "../scripts/report/plot_motifs.py"


rule plot_variants:
    input:
        table=study.variant_results["table"],
        drawn=study.drawn_variants(),
        letters=study.variant_letters,
    output:
        report(
            f"{study.out}/report/variants/{{model}}/{{cell_line}}.png",
            caption="../report/interpretation/variants.rst",
            category="Variants",
            labels=study.factor_label | {"model": "{model}", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_variants/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_variants/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        title=lambda w: f"Variants: {study.subject(w.model, w.cell_line)}",
        accessibility=lambda w: study.shown_label(w.cell_line),
    script:
        "../scripts/report/plot_variants.py"
