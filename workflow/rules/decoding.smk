# Needs: models/{model}/*/model.keras, the genome, the cell line's bigWigs; to calibrate, labels.
# Makes: models/{model}/calibration.json, from what the networks say of the validation chromosomes;
#        predictions/{model}/{cell_line}.bigWig (probability at every base) and .narrowPeak.

CALIBRATED = {None: TRAINED, True: MODELS, False: []}[config["prediction"]["calibrate"]]


rule calibrate_model:
    input:
        **CHECKED_GENOME,
        models=collect(f"{OUT}/models/{{{{model}}}}/{{member}}/model.keras", member=MEMBERS),
        signal_checks=ancient(collect(SIGNAL_CHECK, cell_line=VALIDATION_LINES)),
        signals=[x for line in VALIDATION_LINES for x in SIGNAL_FILES[line]],
        scales=[x for line in VALIDATION_LINES for x in scale_of(line)],
        average=lambda w: [AVERAGE] if settings(w.model)["delta"] else [],
        labels=[label_track(line) for line in VALIDATION_LINES],
        excluded=UNJUDGED,
    output:
        f"{OUT}/models/{{model}}/calibration.json",
    log:
        f"{OUT}/logs/calibrate_model/{{model}}.log",
    benchmark:
        f"{OUT}/benchmarks/calibrate_model/{{model}}.tsv"
    wildcard_constraints:
        model="|".join(map(re.escape, CALIBRATED)) or "(?!)",  # that matches nothing
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(120),
    params:
        signals={line: SIGNAL_FILES[line] for line in VALIDATION_LINES},
        scales={line: scale_of(line) for line in VALIDATION_LINES},
        labels={line: label_track(line) for line in VALIDATION_LINES},
        chromosomes=CHROMOSOMES["validation"],
        both_strands=config["prediction"]["reverse_complement"],
    script:
        "../scripts/decoding/calibrate_model.py"


rule predict_binding:
    input:
        **CHECKED_GENOME,
        models=collect(f"{OUT}/models/{{{{model}}}}/{{member}}/model.keras", member=MEMBERS),
        signal_check=ancient(SIGNAL_CHECK),
        signals=signals,
        scale=scale,
        average=lambda w: [AVERAGE] if settings(w.model)["delta"] else [],
        calibration=lambda w: calibrations(w.model),
    output:
        f"{OUT}/predictions/{{model}}/{{cell_line}}.bigWig",
    log:
        f"{OUT}/logs/predict_binding/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/predict_binding/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(240),
    params:
        chromosomes=DECODED,
        both_strands=config["prediction"]["reverse_complement"],
        background=config["prediction"]["background"],
        parts=f"{OUT}/checkpoints/{{model}}/{{cell_line}}.decoded",
    script:
        "../scripts/decoding/predict.py"


rule call_peaks:
    input:
        prediction=rules.predict_binding.output[0],
        thresholds=f"{OUT}/evaluation/thresholds/{{model}}.tsv",
        fasta=FASTA,
        excluded=EXCLUDED,
    output:
        calls=f"{OUT}/predictions/{{model}}/{{cell_line}}.narrowPeak",
        counts=f"{OUT}/predictions/{{model}}/{{cell_line}}.calls.tsv",
    log:
        f"{OUT}/logs/call_peaks/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/call_peaks/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(60),
    params:
        excluded_calls=config["prediction"]["excluded_calls"],
    script:
        "../scripts/decoding/call_peaks.py"


rule predict:
    input:
        collect(
            f"{OUT}/predictions/{{model}}/{{cell_line}}.{{kind}}",
            model=MODELS,
            cell_line=CELL_LINES,
            kind=["bigWig", "narrowPeak"],
        ),
    localrule: True
