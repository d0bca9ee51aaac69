# What can be told of new cell lines, without labels and with them.
# Needs: a bundle, the genome, the cell line's bigWigs, predictions/ of a study that only decodes; it
#        may be labels.
# Makes: evaluation/{model}/{cell_line}.likeness.tsv, whether each track is like those that the
#        networks were trained on, and .painted.json, what it is like around the factor's motif; of
#        labels, .judged.tsv, .curves.tsv and .reliability.tsv, how good the track is.


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


if study.label_files:

    rule check_given_labels:
        input:
            genome=study.genome_check,
            fasta=study.fasta,
            fai=study.fai,
            bundle=present(lambda w: [study.bundles[w.model]]),
            labels=present(lambda w: [study.label_files[w.model, w.cell_line]]),
            regions=present(study.regions),
        output:
            study.labels_check(),
        log:
            f"{study.out}/logs/check_given_labels/{{model}}/{{cell_line}}.log",
        benchmark:
            f"{study.out}/benchmarks/check_given_labels/{{model}}/{{cell_line}}.tsv"
        retries: 0  # labels that do not fit are no better the next time
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(20),
        params:
            mode=config["labels"]["mode"],
            chromosomes=study.decoded,
            seen=config["labels"]["seen"],
        script:
            "../scripts/evaluation/check_given_labels.py"

    rule make_given_labels:
        input:
            **checked_genome,
            labels_check=ancient(study.labels_check()),
            peaks=lambda w: study.label_files[w.model, w.cell_line],
            motif=[],
        output:
            f"{study.out}/labels/{{model}}/{{cell_line}}.bigWig",
        log:
            f"{study.out}/logs/make_given_labels/{{model}}/{{cell_line}}.log",
        benchmark:
            f"{study.out}/benchmarks/make_given_labels/{{model}}/{{cell_line}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(4000),
            runtime=grows(30),
        params:
            flank=config["labels"]["flank"],
        script:
            "../scripts/inputs/make_labels.py"

    rule judge_by_labels:
        input:
            **checked_genome,
            bundle=lambda w: study.bundles[w.model],
            signals=lambda w: [x for own in study.raw_signals[w.cell_line].values() for x in own],
            labels=lambda w: study.label_track(w.model, w.cell_line),
            prediction=study.prediction(),
            regions=study.regions,
        output:
            **study.judged(),
        log:
            f"{study.out}/logs/judge_by_labels/{{model}}/{{cell_line}}.log",
        benchmark:
            f"{study.out}/benchmarks/judge_by_labels/{{model}}/{{cell_line}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(4000),
            runtime=grows(120),
        params:
            signals=lambda w: study.raw_signals[w.cell_line],
            chromosomes=study.decoded,
            seen=config["labels"]["seen"],
            flank=config["labels"]["flank"],
            other_genome=study.other_genome,
        script:
            "../scripts/evaluation/judge_by_labels.py"


rule evaluate:
    input:
        collect(study.likeness(), model=study.models, cell_line=study.cell_lines),
        [x for pair in study.label_files for x in study.judged(*pair).values()],
    localrule: True
