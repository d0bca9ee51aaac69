# What can be told of new cell lines without labels.
# Needs: a bundle, the genome, the cell line's bigWigs, predictions/ of a study that only decodes.
# Makes: evaluation/{model}/{cell_line}.likeness.tsv, whether each track is like those that the
#        networks were trained on, and .painted.json, what it is like around the factor's motif.


rule judge_likeness:
    input:
        **checked_genome,
        bundle=lambda w: study.bundles[w.model],
        signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
        calls=study.calls(),
        measures=study.measures(),
    output:
        table=study.likeness(),
        painted=study.painted(),
    log:
        f"{study.out}/logs/judge_likeness/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/judge_likeness/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        signals=lambda w: study.raw_signals[w.cell_line],
        other_genome=study.other_genome,
    script:
        "../scripts/evaluation/judge_likeness.py"
