# Needs: the genome, bigWigs, labels, motif and blacklist that the config names, by URL or path.
# Makes: inputs/ (downloads), genome/genome.fa (+ .fai), labels/{cell_line}.bigWig, and inputs.tsv,
#        which exists only if all of them fit together.


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
        "../scripts/download.py"


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
            "../scripts/simulate_genome.py"


rule prepare_genome:
    input:
        GENOME,
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
        "../scripts/prepare_genome.py"


# A checkpoint, though nothing asks what is in its output: what waits for it does so as for an ancient
# file, behind which Snakemake (9.27, its issue 4166) plans nothing when it is made again. A
# checkpoint passed makes it plan anew.
checkpoint check_inputs:
    input:
        fasta=FASTA,
        fai=FAI,
        signals=[] if OUT != SHARED else ALL_SIGNALS,
        labels=list(LABEL_FILES.values()),
        motif=MOTIF,
        blacklist=[] if OUT != SHARED else BLACKLIST,
        shared=[] if OUT == SHARED else CHECKED,
    output:
        f"{OUT}/inputs.tsv",
    log:
        f"{OUT}/logs/check_inputs.log",
    benchmark:
        f"{OUT}/benchmarks/check_inputs.tsv"
    retries: 0  # an input that does not fit is no better the next time
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(20),
    params:
        signals={} if OUT != SHARED else RAW_SIGNALS,
        labels=LABEL_FILES,
        label_mode=config["labels"]["mode"],
        chromosomes=CHROMOSOMES,
        decoded=DECODED,
        window_length=config["windows"]["length"],
        required_labels={
            "train": TRAINED_ON,
            "validation": VALIDATION_LINES,
            "test": LABELLED,
        },
    script:
        "../scripts/check_inputs.py"


if OUT != SHARED:

    use rule check_inputs as check_shared_inputs with:
        input:
            fasta=FASTA,
            fai=FAI,
            signals=ALL_SIGNALS,
            motif=[],
            blacklist=BLACKLIST,
        output:
            CHECKED,
        log:
            f"{SHARED}/logs/check_inputs.log",
        benchmark:
            f"{SHARED}/benchmarks/check_inputs.tsv"
        params:
            signals=RAW_SIGNALS,
            labels={},
            label_mode="bigwig",
            chromosomes=CHROMOSOMES,
            decoded=DECODED,
            window_length=config["windows"]["length"],
            required_labels={},


rule make_labels:
    input:
        checked=ancient(rules.check_inputs.output[0]),
        fasta=FASTA,
        fai=FAI,
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
        "../scripts/make_labels.py"


rule download:
    input:
        list(DOWNLOADS),
    localrule: True
