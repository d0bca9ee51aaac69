# Needs: the cell lines' bigWigs, genome/genome.fa.fai, inputs.tsv.
# Makes: signals/{cell_line}.measures.tsv, mean, coverage and quantiles of a line's accessibility;
#        signals/{cell_line}.bigWig, given the quantiles of a reference line (signal_scaling:
#        quantile), and average_signal.bigWig, the mean over cell lines (training.delta).


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
        "../scripts/measure_signal.py"


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
            "../scripts/sample_signal.py"

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
            "../scripts/normalise_signal.py"


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
        "../scripts/average_signal.py"
