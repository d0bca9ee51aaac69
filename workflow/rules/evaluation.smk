# Needs: predictions/{model}/{cell_line}.bigWig, labels, the motif and the bigWigs (baselines).
# Makes: baselines/fitted.skops, what baselines have learned, and tried.tsv, what was chosen among;
#        baselines/motif.bigWig, baselines/{baseline}/{cell_line}.bigWig, their scores;
#        evaluation/thresholds/{model}.tsv, evaluation/{cell_line}.tsv and .curves.tsv,
#        evaluation/{cell_line}.reliability.tsv, whether probabilities mean what they say,
#        evaluation/windows/{model}.tsv, the test windows as the competition scored them,
#        evaluation/summary.tsv, one row for each cell line and model, and evaluation/peaks.tsv,
#        the same for the called sites (predictions/{model}/{cell_line}.narrowPeak).


rule fit_baselines:
    input:
        **checked_genome,
        motif_check=[ancient(study.motif_check)] * len(study.motif),
        motif=study.motif,
        signals=study.signal_inputs(study.member_lines, study.signal_tracks),
        labels=study.label_tracks(study.member_lines),
        excluded=study.excluded,
        unjudged=study.unjudged,
    output:
        fitted=f"{study.out}/baselines/fitted.skops",
        tried=f"{study.out}/baselines/tried.tsv",
    log:
        f"{study.out}/logs/fit_baselines.log",
    benchmark:
        f"{study.out}/benchmarks/fit_baselines.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        training=[
            (study.signals(x, study.signal_tracks), study.label_track(x)) for x in study.trained_on
        ],
        validation=[
            (study.signals(x, study.signal_tracks), study.label_track(x))
            for x in study.validation_lines
        ],
        chromosomes=study.chromosomes,
        mode=config["labels"]["mode"],
        flank=config["labels"]["flank"],
        seed=config["windows"]["seed"],
    script:
        "../scripts/evaluation/fit_baselines.py"


rule score_motif:
    input:
        **checked_genome,
        fitted=rules.fit_baselines.output.fitted,
    output:
        f"{study.out}/baselines/motif.bigWig",
    log:
        f"{study.out}/logs/score_motif.log",
    benchmark:
        f"{study.out}/benchmarks/score_motif.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(60),
    params:
        chromosomes=study.chromosomes["validation"] + study.chromosomes["test"],
    script:
        "../scripts/evaluation/score_motif.py"


rule score_baselines:
    input:
        **checked_genome,
        fitted=rules.fit_baselines.output.fitted,
        signals=lambda w: study.signal_inputs([w.cell_line], study.signal_tracks),
    output:
        collect(
            f"{study.out}/baselines/{{baseline}}/{{{{cell_line}}}}.bigWig", baseline=study.fitted
        ),
    log:
        f"{study.out}/logs/score_baselines/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/score_baselines/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 4
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        signals=lambda w: study.signals(w.cell_line, study.signal_tracks),
        baselines=study.fitted,
        chromosomes=study.chromosomes["validation"] + study.chromosomes["test"],
    script:
        "../scripts/evaluation/score_baselines.py"


rule choose_threshold:
    input:
        **checked_genome,
        scores=lambda w: [
            x for line in study.validation_lines for x in study.scores(w.scored, line)
        ],
        scales=[x for line in study.validation_lines for x in study.scale(line, study.main)],
        labels=study.label_tracks(study.validation_lines),
        excluded=study.unjudged,
    output:
        f"{study.out}/evaluation/thresholds/{{scored}}.tsv",
    log:
        f"{study.out}/logs/choose_threshold/{{scored}}.log",
    benchmark:
        f"{study.out}/benchmarks/choose_threshold/{{scored}}.tsv"
    wildcard_constraints:
        scored="|".join(study.models + study.baselines),
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        files=lambda w: [study.scores(w.scored, line) for line in study.validation_lines],
        chromosomes=study.chromosomes["validation"],
        length=config["windows"]["length"],
        scales=[study.scale(line, study.main) for line in study.validation_lines],
    script:
        "../scripts/evaluation/choose_threshold.py"


rule evaluate_cell_line:
    input:
        **checked_genome,
        windows=study.test_windows,
        labels=lambda w: study.label_track(w.cell_line),
        excluded=study.unjudged,
        others=lambda w: study.label_tracks(study.others(w.cell_line)),
        scores=lambda w: [
            x for m in study.models + study.baselines for x in study.scores(m, w.cell_line)
        ],
        scale=lambda w: study.scale(w.cell_line, study.main),
        thresholds=collect(
            f"{study.out}/evaluation/thresholds/{{m}}.tsv", m=study.models + study.baselines
        ),
        calibrations=study.calibrations(study.models),
    output:
        metrics=f"{study.out}/evaluation/{{cell_line}}.tsv",
        curves=f"{study.out}/evaluation/{{cell_line}}.curves.tsv",
        reliability=f"{study.out}/evaluation/{{cell_line}}.reliability.tsv",
    log:
        f"{study.out}/logs/evaluate_cell_line/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/evaluate_cell_line/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(120),
    params:
        files=lambda w: {m: study.scores(m, w.cell_line) for m in study.models + study.baselines},
        models=study.models,
        calibrated=study.calibrated,
        chromosomes=study.chromosomes["test"],
    script:
        "../scripts/evaluation/evaluate.py"


rule evaluate_windows:
    input:
        **checked_genome,
        models=rules.predict_binding.input.models,
        windows=study.test_windows,
        signals=lambda w: study.signal_inputs(study.labelled, study.arrays(w.model)),
        excluded=study.unjudged,
        calibration=rules.predict_binding.input.calibration,
        labels=study.label_tracks(study.labelled),
        threshold=f"{study.out}/evaluation/thresholds/{{model}}.tsv",
    output:
        f"{study.out}/evaluation/windows/{{model}}.tsv",
    log:
        f"{study.out}/logs/evaluate_windows/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/evaluate_windows/{{model}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        signals=lambda w: {
            line: study.signals(line, study.arrays(w.model)) for line in study.labelled
        },
        labels={line: study.label_track(line) for line in study.labelled},
        both_strands=config["prediction"]["reverse_complement"],
        precision=config["prediction"]["precision"],
    script:
        "../scripts/evaluation/evaluate_windows.py"


rule summarise_evaluation:
    input:
        collect(f"{study.out}/evaluation/{{cell_line}}.tsv", cell_line=study.labelled),
    output:
        f"{study.out}/evaluation/summary.tsv",
    log:
        f"{study.out}/logs/summarise_evaluation.log",
    benchmark:
        f"{study.out}/benchmarks/summarise_evaluation.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        cell_lines=study.labelled,
    script:
        "../scripts/evaluation/summarise_evaluation.py"


rule judge_calls:
    input:
        **checked_genome,
        labels=study.label_tracks(study.labelled),
        excluded=study.unjudged,
        calls=[
            f"{study.out}/predictions/{m}/{line}.narrowPeak"
            for line in study.labelled
            for m in study.models
        ],
        counts=[
            f"{study.out}/predictions/{m}/{line}.calls.tsv"
            for line in study.labelled
            for m in study.models
        ],
    output:
        measures=f"{study.out}/evaluation/peaks.tsv",
        distances=f"{study.out}/evaluation/peaks.distances.tsv",
    log:
        f"{study.out}/logs/judge_calls.log",
    benchmark:
        f"{study.out}/benchmarks/judge_calls.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(4000),
        runtime=grows(60),
    params:
        cell_lines=study.labelled,
        models=study.models,
        chromosomes=study.chromosomes["test"],
    script:
        "../scripts/evaluation/judge_calls.py"


rule evaluate:
    input:
        rules.summarise_evaluation.output,
        rules.judge_calls.output,
    localrule: True
