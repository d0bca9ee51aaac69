# What only a study that trains has besides: labels, motif, exclusions, scales of signals.
# Needs: genome/genome.fa, bigWigs, labels, motif and blacklist.
# Makes: inputs/jaspar/, labels/{cell_line}.bigWig, checks/ of labels and motif,
#        genome/excluded.bed;
#        of each signal of a cell line signals/{cell_line}.{track}.measures.tsv, its mean, coverage
#        and quantiles, and where it is scaled so, signals/{cell_line}.{track}.bigWig, given the
#        quantiles of a reference line; signals/average.{track}.bigWig, the mean over cell lines (for
#        tracks that are an average, or a difference from one).


from leopard.study.splits import SPLITS

if study.jaspar_id:

    rule write_motif:
        output:
            study.motif[0],
        log:
            f"{study.out}/logs/write_motif.log",
        benchmark:
            f"{study.out}/benchmarks/write_motif.tsv"
        retries: 0
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        params:
            matrix_id=config["motif"],
        script:
            "../scripts/inputs/write_motif.py"


if study.leads and config["simulate"]:
    as_reads = config["simulate"]["reads"]
    simulated_lines = [line for line in study.cell_lines if line not in as_reads]

    rule simulate_genome:
        input:
            motif=study.motif,
        output:
            genome=f"{study.shared}/simulated/genome.fa.gz",
            truth=f"{study.shared}/simulated/truth.tsv",
            signals=collect(f"{study.shared}/simulated/{{line}}.bigWig", line=simulated_lines),
            peaks=collect(f"{study.shared}/simulated/{{line}}.narrowPeak", line=simulated_lines),
            reads=collect(f"{study.shared}/simulated/{{line}}.bam", line=as_reads),
        log:
            f"{study.shared}/logs/simulate_genome.log",
        benchmark:
            f"{study.shared}/benchmarks/simulate_genome.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(10),
        params:
            seed=config["simulate"]["seed"],
            chromosomes=config["simulate"]["chromosomes"],
            cell_lines=simulated_lines,
            as_reads=as_reads,
        script:
            "../scripts/inputs/simulate_genome.py"

    rule simulate_variants:
        input:
            fasta=study.fasta,
            fai=study.fai,
            truth=rules.simulate_genome.output.truth,
            motif=study.motif,
        output:
            f"{study.shared}/simulated/variants.vcf",
        log:
            f"{study.shared}/logs/simulate_variants.log",
        benchmark:
            f"{study.shared}/benchmarks/simulate_variants.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(10),
        params:
            seed=config["simulate"]["seed"],
            chromosomes=study.chromosomes["test"],
        script:
            "../scripts/inputs/simulate_variants.py"


if study.leads:

    rule exclude_bases:
        input:
            **shared_genome,
            exclusions=study.exclusions,
        output:
            study.excluded,
        log:
            f"{study.shared}/logs/exclude_bases.log",
        benchmark:
            f"{study.shared}/benchmarks/exclude_bases.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(20),
        params:
            chromosomes=study.used_chromosomes,
            unknown=config["windows"]["strategy"] != "apac2022",  # which scored N as well
        script:
            "../scripts/inputs/exclude_bases.py"


if study.leads and study.regions:

    rule exclude_outside:
        input:
            **shared_genome,
            excluded=study.excluded,
            regions=study.regions,
        output:
            study.unjudged,
        log:
            f"{study.shared}/logs/exclude_outside.log",
        benchmark:
            f"{study.shared}/benchmarks/exclude_outside.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(20),
        params:
            chromosomes=study.chromosomes["validation"] + study.chromosomes["test"],
        script:
            "../scripts/inputs/exclude_outside.py"


rule check_labels:
    input:
        genome=study.genome_check,
        fasta=study.fasta,
        fai=study.fai,
        labels=present(lambda w: [study.label_files[w.cell_line]]),
    output:
        study.labels_check(),
    log:
        f"{study.out}/logs/check_labels/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/check_labels/{{cell_line}}.tsv"
    retries: 0
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        mode=config["labels"]["mode"],
        chromosomes=study.used_chromosomes,
        needed=lambda w: {
            split: study.chromosomes[split]
            for split, lines in zip(
                SPLITS, (study.trained_on, study.validation_lines, study.labelled)
            )
            if w.cell_line in lines
        },
    script:
        "../scripts/inputs/check_labels.py"


rule check_motif:
    input:
        present(study.motif),
    output:
        study.motif_check,
    log:
        f"{study.out}/logs/check_motif.log",
    benchmark:
        f"{study.out}/benchmarks/check_motif.tsv"
    retries: 0
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/inputs/check_motif.py"


rule make_labels:
    input:
        **checked_genome,
        labels_check=ancient(study.labels_check()),
        peaks=lambda w: study.label_files[w.cell_line],
        motif=study.motif if config["labels"]["mode"] == "motif" else [],
    output:
        f"{study.out}/labels/{{cell_line}}.bigWig",
    log:
        f"{study.out}/logs/make_labels/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/make_labels/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(30),
    params:
        flank=config["labels"]["flank"],
        hits=config["labels"]["hits"],
        p_value=config["labels"]["p_value"],
    script:
        "../scripts/inputs/make_labels.py"


if study.leads:

    rule measure_signal:
        input:
            **shared_genome,
            signal_check=ancient(study.signal_check()),
            signals=lambda w: study.raw_signals[w.cell_line][w.track],
            excluded=study.excluded,
        output:
            study.measures(),
        log:
            f"{study.shared}/logs/measure_signal/{{cell_line}}.{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/measure_signal/{{cell_line}}.{{track}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(60),
        params:
            chromosomes=study.split_chromosomes,
        script:
            "../scripts/inputs/measure_signal.py"


if study.leads and any(x.scaling == "quantile" for x in study.tracks.values()):

    rule sample_signal:
        input:
            **shared_genome,
            signal_check=ancient(study.signal_check()),
            signals=lambda w: study.raw_signals[w.cell_line][w.track],
        output:
            study.sample(),
        log:
            f"{study.shared}/logs/sample_signal/{{cell_line}}.{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/sample_signal/{{cell_line}}.{{track}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(60),
        params:
            chromosomes=study.used_chromosomes,
            seed=config["windows"]["seed"],
        script:
            "../scripts/inputs/sample_signal.py"

    rule normalise_signal:
        input:
            **shared_genome,
            signals=lambda w: study.raw_signals[w.cell_line][w.track],
            sample=study.sample(),
            reference=study.sample(config["reference_line"]),
        output:
            study.normalised(),
        log:
            f"{study.shared}/logs/normalise_signal/{{cell_line}}.{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/normalise_signal/{{cell_line}}.{{track}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(240),
        params:
            chromosomes=study.used_chromosomes,
        script:
            "../scripts/inputs/normalise_signal.py"


if study.leads:

    rule average_signal:
        input:
            **shared_genome,
            signals=lambda w: study.signal_inputs(study.cell_lines, [w.track]),
        output:
            study.average(),
        log:
            f"{study.shared}/logs/average_signal/{{track}}.log",
        benchmark:
            f"{study.shared}/benchmarks/average_signal/{{track}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(600),
        params:
            signals=lambda w: [study.signals(line, [w.track]) for line in study.cell_lines],
            chromosomes=study.used_chromosomes,
        script:
            "../scripts/inputs/average_signal.py"
