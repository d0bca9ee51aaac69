# Needs: predictions/{model}/{cell_line}.bigWig, labels, the motif and the bigWigs (baselines).
# Makes: baselines/fitted.skops, what baselines have learned, and tried.tsv, what was chosen among;
#        baselines/motif.bigWig, baselines/{baseline}/{cell_line}.bigWig, their scores;
#        evaluation/thresholds/{model}.tsv, evaluation/{cell_line}.tsv and .curves.tsv,
#        evaluation/{cell_line}.reliability.tsv, whether probabilities mean what they say,
#        evaluation/windows/{model}.tsv, the test windows as the competition scored them,
#        evaluation/summary.tsv, one row for each cell line and model, and evaluation/peaks.tsv,
#        the same for the called sites (predictions/{model}/{cell_line}.narrowPeak).

OTHERS = {line: [x for x in LABELLED if x != line] for line in LABELLED}


rule fit_baselines:
    input:
        **CHECKED_GENOME,
        motif_check=[ancient(MOTIF_CHECK)] * len(MOTIF),
        motif=MOTIF,
        signals=[x for line in MEMBER_LINES for x in SIGNAL_FILES[line]],
        scales=[x for line in MEMBER_LINES for x in scale_of(line)],
        labels=[label_track(line) for line in MEMBER_LINES],
        excluded=EXCLUDED,
        unjudged=UNJUDGED,
    output:
        fitted=f"{OUT}/baselines/fitted.skops",
        tried=f"{OUT}/baselines/tried.tsv",
    log:
        f"{OUT}/logs/fit_baselines.log",
    benchmark:
        f"{OUT}/benchmarks/fit_baselines.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        training=[(SIGNAL_FILES[x], scale_of(x), label_track(x)) for x in TRAINED_ON],
        validation=[(SIGNAL_FILES[x], scale_of(x), label_track(x)) for x in VALIDATION_LINES],
        chromosomes=CHROMOSOMES,
        mode=config["labels"]["mode"],
        flank=config["labels"]["flank"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/evaluation/fit_baselines.py"


rule score_motif:
    input:
        **CHECKED_GENOME,
        fitted=rules.fit_baselines.output.fitted,
    output:
        f"{OUT}/baselines/motif.bigWig",
    log:
        f"{OUT}/logs/score_motif.log",
    benchmark:
        f"{OUT}/benchmarks/score_motif.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        chromosomes=CHROMOSOMES["validation"] + CHROMOSOMES["test"],
    script:
        "../scripts/evaluation/score_motif.py"


rule score_baselines:
    input:
        **CHECKED_GENOME,
        fitted=rules.fit_baselines.output.fitted,
        signals=signals,
        scale=scale,
    output:
        collect(f"{OUT}/baselines/{{baseline}}/{{{{cell_line}}}}.bigWig", baseline=FITTED),
    log:
        f"{OUT}/logs/score_baselines/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/score_baselines/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        baselines=FITTED,
        chromosomes=CHROMOSOMES["validation"] + CHROMOSOMES["test"],
    script:
        "../scripts/evaluation/score_baselines.py"


rule choose_threshold:
    input:
        **CHECKED_GENOME,
        scores=lambda w: [x for line in VALIDATION_LINES for x in scores(w.scored, line)],
        scales=[x for line in VALIDATION_LINES for x in scale_of(line)],
        labels=[label_track(line) for line in VALIDATION_LINES],
        excluded=UNJUDGED,
    output:
        f"{OUT}/evaluation/thresholds/{{scored}}.tsv",
    log:
        f"{OUT}/logs/choose_threshold/{{scored}}.log",
    benchmark:
        f"{OUT}/benchmarks/choose_threshold/{{scored}}.tsv"
    wildcard_constraints:
        scored="|".join(MODELS + BASELINES),
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        files=lambda w: [scores(w.scored, line) for line in VALIDATION_LINES],
        chromosomes=CHROMOSOMES["validation"],
        length=config["windows"]["length"],
        scales=[scale_of(line) for line in VALIDATION_LINES],
    script:
        "../scripts/evaluation/choose_threshold.py"


rule evaluate_cell_line:
    input:
        **CHECKED_GENOME,
        windows=TEST_WINDOWS,
        labels=lambda w: label_track(w.cell_line),
        excluded=UNJUDGED,
        others=lambda w: [label_track(line) for line in OTHERS[w.cell_line]],
        scores=lambda w: [x for m in MODELS + BASELINES for x in scores(m, w.cell_line)],
        scale=scale,
        thresholds=collect(f"{OUT}/evaluation/thresholds/{{m}}.tsv", m=MODELS + BASELINES),
        calibrations=calibrations(*MODELS),
    output:
        metrics=f"{OUT}/evaluation/{{cell_line}}.tsv",
        curves=f"{OUT}/evaluation/{{cell_line}}.curves.tsv",
        reliability=f"{OUT}/evaluation/{{cell_line}}.reliability.tsv",
    log:
        f"{OUT}/logs/evaluate_cell_line/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/evaluate_cell_line/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        files=lambda w: {m: scores(m, w.cell_line) for m in MODELS + BASELINES},
        models=MODELS,
        calibrated=CALIBRATED,
        chromosomes=CHROMOSOMES["test"],
    script:
        "../scripts/evaluation/evaluate.py"


rule evaluate_windows:
    input:
        **CHECKED_GENOME,
        models=rules.predict_binding.input.models,
        windows=TEST_WINDOWS,
        signals=[x for line in LABELLED for x in SIGNAL_FILES[line]],
        scales=[x for line in LABELLED for x in scale_of(line)],
        excluded=UNJUDGED,
        average=rules.predict_binding.input.average,
        calibration=rules.predict_binding.input.calibration,
        labels=[label_track(line) for line in LABELLED],
        threshold=f"{OUT}/evaluation/thresholds/{{model}}.tsv",
    output:
        f"{OUT}/evaluation/windows/{{model}}.tsv",
    log:
        f"{OUT}/logs/evaluate_windows/{{model}}.log",
    benchmark:
        f"{OUT}/benchmarks/evaluate_windows/{{model}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        signals={line: SIGNAL_FILES[line] for line in LABELLED},
        scales={line: scale_of(line) for line in LABELLED},
        labels={line: label_track(line) for line in LABELLED},
        both_strands=config["prediction"]["reverse_complement"],
    script:
        "../scripts/evaluation/evaluate_windows.py"


rule summarise_evaluation:
    input:
        collect(f"{OUT}/evaluation/{{cell_line}}.tsv", cell_line=LABELLED),
    output:
        f"{OUT}/evaluation/summary.tsv",
    log:
        f"{OUT}/logs/summarise_evaluation.log",
    benchmark:
        f"{OUT}/benchmarks/summarise_evaluation.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        cell_lines=LABELLED,
    script:
        "../scripts/evaluation/summarise_evaluation.py"


rule judge_calls:
    input:
        **CHECKED_GENOME,
        labels=[label_track(line) for line in LABELLED],
        excluded=UNJUDGED,
        calls=[f"{OUT}/predictions/{m}/{line}.narrowPeak" for line in LABELLED for m in MODELS],
        counts=[f"{OUT}/predictions/{m}/{line}.calls.tsv" for line in LABELLED for m in MODELS],
    output:
        measures=f"{OUT}/evaluation/peaks.tsv",
        distances=f"{OUT}/evaluation/peaks.distances.tsv",
    log:
        f"{OUT}/logs/judge_calls.log",
    benchmark:
        f"{OUT}/benchmarks/judge_calls.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        cell_lines=LABELLED,
        models=MODELS,
        chromosomes=CHROMOSOMES["test"],
    script:
        "../scripts/evaluation/judge_calls.py"


rule evaluate:
    input:
        rules.summarise_evaluation.output,
        rules.judge_calls.output,
    localrule: True
