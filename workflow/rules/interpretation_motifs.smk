# Motifs in contributions, and the targets of interpretation, in every study.
# Needs: interpretation/{model}/{cell_line}/, why sites are called, and inputs/motif_database.meme.
# Makes: the motifs in the same directory (target motifs).


from leopard.study.explained import LEAST_SITES


rule find_motifs:
    input:
        h5=study.explained["h5"],
    output:
        study.motifs_found["patterns"],
    log:
        f"{study.out}/logs/find_motifs/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/find_motifs/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/motifs.yaml"
    threads: 8
    resources:
        mem_mb=grows(8000),
        runtime=grows(240),
    script:
        "../scripts/interpretation/find_motifs.py"


rule match_motifs:
    input:
        **checked_genome,
        patterns=study.motifs_found["patterns"],
        known=study.known_motifs,
        table=study.explained["table"],
        h5=study.explained["h5"],
    output:
        **{kind: path for kind, path in study.motifs_found.items() if kind != "patterns"},
    log:
        f"{study.out}/logs/match_motifs/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/match_motifs/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/motifs.yaml"
    threads: 2
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    script:
        "../scripts/interpretation/match_motifs.py"


rule explain:
    input:
        collect(
            [
                *study.explained.values(),
                f"{study.out}/report/contributions/{{model}}/{{cell_line}}.shares.png",
                f"{study.out}/report/contributions/{{model}}/{{cell_line}}.logos.png",
            ],
            model=study.models,
            cell_line=study.cell_lines,
        ),
    localrule: True


rule motifs:
    input:
        needs(
            study.sites or (config["explain"]["best"] or LEAST_SITES + 1) > LEAST_SITES,
            "explain.best",
            collect(
                [
                    *study.motifs_found.values(),
                    f"{study.out}/report/motifs/{{model}}/{{cell_line}}.png",
                    *[f"{study.out}/report/planted/{{model}}.distances.png"] * len(study.motif),
                ],
                model=study.models,
                cell_line=study.cell_lines,
            ),
            f"TF-MoDISco finds no motifs in {LEAST_SITES} sites or fewer",
            "set it to a thousand, or to null for all called sites",
        ),
    localrule: True


rule variants:
    input:
        needs(
            study.variants,
            "variants.file",
            collect(
                [
                    *study.variant_results.values(),
                    f"{study.out}/report/variants/{{model}}/{{cell_line}}.png",
                ],
                model=study.models,
                cell_line=study.cell_lines,
            ),
        ),
    localrule: True
