# Needs: the genome, bigWigs, labels, motif and blacklist that the config names, by URL or path.
# Makes: inputs/ (downloads, a matrix of JASPAR), genome/genome.fa (+ .fai),
#        labels/{cell_line}.bigWig, checks/, and inputs.tsv, which exists only if all of them fit
#        together; signals/{cell_line}.measures.tsv, mean, coverage and quantiles of a line's
#        accessibility; signals/{cell_line}.bigWig, given the quantiles of a reference line
#        (signal_scaling: quantile), and average_signal.bigWig, the mean over cell lines
#        (training.delta).


rule download_file:
    output:
        ensure(f"{OUT}/inputs/{{role}}/{{name}}", non_empty=True),
    log:
        f"{OUT}/logs/download_file/{{role}}/{{name}}.log",
    benchmark:
        f"{OUT}/benchmarks/download_file/{{role}}/{{name}}.tsv"
    wildcard_constraints:
        role="|".join(OWN_INPUTS if OUT != SHARED else OWN_INPUTS + SHARED_INPUTS),
        name="[^/]+",
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(600),
    params:
        source=lambda w: DOWNLOADS[f"{OUT}/inputs/{w.role}/{w.name}"],
    script:
        "../scripts/inputs/download.py"


if OUT != SHARED:

    use rule download_file as download_shared_file with:
        output:
            ensure(f"{SHARED}/inputs/{{role}}/{{name}}", non_empty=True),
        log:
            f"{SHARED}/logs/download_file/{{role}}/{{name}}.log",
        benchmark:
            f"{SHARED}/benchmarks/download_file/{{role}}/{{name}}.tsv"
        wildcard_constraints:
            role="|".join(SHARED_INPUTS),
            name="[^/]+",
        params:
            source=lambda w: DOWNLOADS[f"{SHARED}/inputs/{w.role}/{w.name}"],


if JASPAR_ID:

    rule write_motif:
        output:
            MOTIF[0],
        log:
            f"{OUT}/logs/write_motif.log",
        benchmark:
            f"{OUT}/benchmarks/write_motif.tsv"
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


if config["simulate"]:

    rule simulate_genome:
        input:
            motif=MOTIF,
        output:
            genome=f"{SHARED}/simulated/genome.fa.gz",
            truth=f"{SHARED}/simulated/truth.tsv",
            signals=collect(f"{SHARED}/simulated/{{line}}.bigWig", line=CELL_LINES),
            peaks=collect(f"{SHARED}/simulated/{{line}}.narrowPeak", line=CELL_LINES),
        log:
            f"{SHARED}/logs/simulate_genome.log",
        benchmark:
            f"{SHARED}/benchmarks/simulate_genome.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(10),
        params:
            seed=config["simulate"]["seed"],
            chromosomes=config["simulate"]["chromosomes"],
            cell_lines=CELL_LINES,
        script:
            "../scripts/inputs/simulate_genome.py"


rule prepare_genome:
    input:
        present([GENOME]),
    output:
        fasta=FASTA,
        fai=FAI,
    log:
        f"{SHARED}/logs/prepare_genome.log",
    benchmark:
        f"{SHARED}/benchmarks/prepare_genome.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    script:
        "../scripts/inputs/prepare_genome.py"


rule check_genome:
    input:
        fasta=FASTA,
        fai=FAI,
        exclusions=present(EXCLUSIONS),
        regions=present(REGIONS),
    output:
        GENOME_CHECK,
    log:
        f"{SHARED}/logs/check_genome.log",
    benchmark:
        f"{SHARED}/benchmarks/check_genome.tsv"
    retries: 0  # an input that does not fit is no better the next time
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(10),
    params:
        chromosomes=CHROMOSOMES,
        decoded=DECODED,
        window_length=config["windows"]["length"],
    script:
        "../scripts/inputs/check_genome.py"


rule exclude_bases:
    input:
        **SHARED_GENOME,
        exclusions=EXCLUSIONS,
    output:
        EXCLUDED,
    log:
        f"{SHARED}/logs/exclude_bases.log",
    benchmark:
        f"{SHARED}/benchmarks/exclude_bases.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        chromosomes=USED_CHROMOSOMES,
        unknown=config["windows"]["strategy"] != "apac2022",  # which scored N as well
    script:
        "../scripts/inputs/exclude_bases.py"


if REGIONS:

    rule exclude_outside:
        input:
            **SHARED_GENOME,
            excluded=EXCLUDED,
            regions=REGIONS,
        output:
            UNJUDGED,
        log:
            f"{SHARED}/logs/exclude_outside.log",
        benchmark:
            f"{SHARED}/benchmarks/exclude_outside.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(20),
        params:
            chromosomes=CHROMOSOMES["validation"] + CHROMOSOMES["test"],
        script:
            "../scripts/inputs/exclude_outside.py"


rule check_signal:
    input:
        genome=GENOME_CHECK,
        fasta=FASTA,
        fai=FAI,
        signals=present(lambda w: RAW_SIGNALS[w.cell_line]),
    output:
        SIGNAL_CHECK,
    log:
        f"{SHARED}/logs/check_signal/{{cell_line}}.log",
    benchmark:
        f"{SHARED}/benchmarks/check_signal/{{cell_line}}.tsv"
    retries: 0
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        chromosomes=USED_CHROMOSOMES,
    script:
        "../scripts/inputs/check_signal.py"


rule check_labels:
    input:
        genome=GENOME_CHECK,
        fasta=FASTA,
        fai=FAI,
        labels=present(lambda w: [LABEL_FILES[w.cell_line]]),
    output:
        LABELS_CHECK,
    log:
        f"{OUT}/logs/check_labels/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/check_labels/{{cell_line}}.tsv"
    retries: 0
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        mode=config["labels"]["mode"],
        chromosomes=USED_CHROMOSOMES,
        needed=lambda w: {
            split: CHROMOSOMES[split]
            for split, lines in zip(SPLITS, (TRAINED_ON, VALIDATION_LINES, LABELLED))
            if w.cell_line in lines
        },
    script:
        "../scripts/inputs/check_labels.py"


rule check_motif:
    input:
        present(MOTIF),
    output:
        MOTIF_CHECK,
    log:
        f"{OUT}/logs/check_motif.log",
    benchmark:
        f"{OUT}/benchmarks/check_motif.tsv"
    retries: 0
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/inputs/check_motif.py"


# Checkpoints, though nothing asks what is in their output. All that reads data waits for it, as for
# an ancient file; and if that is there and made again, Snakemake (9.27, its issue 4166) plans
# nothing behind it, until a checkpoint is passed: then it plans anew. One for all checks, not each
# by itself, so that no job runs while another that it builds on may turn out to be out of date.
# What depends on a check of its own besides is in the plan even before, if that is a new one.
checkpoint gather_checks:
    input:
        [SHARED_CHECKED] if OUT != SHARED else SHARED_CHECKS,
        collect(LABELS_CHECK, cell_line=LABELLED),
        [MOTIF_CHECK] * len(MOTIF),
    output:
        CHECKED,
    log:
        f"{OUT}/logs/gather_checks.log",
    benchmark:
        f"{OUT}/benchmarks/gather_checks.tsv"
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/inputs/gather_checks.py"


if OUT != SHARED:

    checkpoint gather_shared_checks:
        input:
            SHARED_CHECKS,
        output:
            SHARED_CHECKED,
        log:
            f"{SHARED}/logs/gather_checks.log",
        benchmark:
            f"{SHARED}/benchmarks/gather_checks.tsv"
        localrule: True
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(10),
        script:
            "../scripts/inputs/gather_checks.py"


rule make_labels:
    input:
        **CHECKED_GENOME,
        labels_check=ancient(LABELS_CHECK),
        peaks=lambda w: LABEL_FILES[w.cell_line],
        motif=MOTIF if config["labels"]["mode"] == "motif" else [],
    output:
        f"{OUT}/labels/{{cell_line}}.bigWig",
    log:
        f"{OUT}/logs/make_labels/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/make_labels/{{cell_line}}.tsv"
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


rule measure_signal:
    input:
        **SHARED_GENOME,
        signal_check=ancient(SIGNAL_CHECK),
        signals=lambda w: RAW_SIGNALS[w.cell_line],
        excluded=EXCLUDED,
    output:
        MEASURES,
    log:
        f"{SHARED}/logs/measure_signal/{{cell_line}}.log",
    benchmark:
        f"{SHARED}/benchmarks/measure_signal/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(60),
    params:
        chromosomes=SPLIT_CHROMOSOMES,
    script:
        "../scripts/inputs/measure_signal.py"


if config["signal_scaling"] == "quantile":

    rule sample_signal:
        input:
            **SHARED_GENOME,
            signal_check=ancient(SIGNAL_CHECK),
            signals=lambda w: RAW_SIGNALS[w.cell_line],
        output:
            f"{SHARED}/signals/{{cell_line}}.sample.npy",
        log:
            f"{SHARED}/logs/sample_signal/{{cell_line}}.log",
        benchmark:
            f"{SHARED}/benchmarks/sample_signal/{{cell_line}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(1000),
            runtime=grows(60),
        params:
            chromosomes=USED_CHROMOSOMES,
            seed=config["windows"]["seed"],
        script:
            "../scripts/inputs/sample_signal.py"

    rule normalise_signal:
        input:
            **SHARED_GENOME,
            signals=lambda w: RAW_SIGNALS[w.cell_line],
            sample=rules.sample_signal.output[0],
            reference=f"{SHARED}/signals/{config['reference_line']}.sample.npy",
        output:
            f"{SHARED}/signals/{{cell_line}}.bigWig",
        log:
            f"{SHARED}/logs/normalise_signal/{{cell_line}}.log",
        benchmark:
            f"{SHARED}/benchmarks/normalise_signal/{{cell_line}}.tsv"
        conda:
            "../../envs/data.yaml"
        resources:
            mem_mb=grows(2000),
            runtime=grows(240),
        params:
            chromosomes=USED_CHROMOSOMES,
        script:
            "../scripts/inputs/normalise_signal.py"


rule average_signal:
    input:
        **SHARED_GENOME,
        signals=[x for line in CELL_LINES for x in SIGNAL_FILES[line]],
        scales=[x for line in CELL_LINES for x in scale_of(line)],
    output:
        AVERAGE,
    log:
        f"{SHARED}/logs/average_signal.log",
    benchmark:
        f"{SHARED}/benchmarks/average_signal.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(600),
    params:
        signals=[SIGNAL_FILES[line] for line in CELL_LINES],
        chromosomes=USED_CHROMOSOMES,
        scales=[scale_of(line) for line in CELL_LINES],
    script:
        "../scripts/inputs/average_signal.py"


rule download:
    input:
        list(DOWNLOADS),
    localrule: True
