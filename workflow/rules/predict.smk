# Needs: models/{model}/*/model.keras, the genome, the cell line's bigWigs.
# Makes: predictions/{model}/{cell_line}.bigWig (probability at every base) and .narrowPeak.


rule predict_binding:
    input:
        **CHECKED_GENOME,
        models=collect(f"{OUT}/models/{{{{model}}}}/{{member}}/model.keras", member=MEMBERS),
        signal_check=ancient(SIGNAL_CHECK),
        signals=signals,
        scale=scale,
        average=lambda w: [AVERAGE] if settings(w.model)["delta"] else [],
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
        "../scripts/predict.py"


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
        "../scripts/call_peaks.py"


rule predict:
    input:
        collect(
            f"{OUT}/predictions/{{model}}/{{cell_line}}.{{kind}}",
            model=MODELS,
            cell_line=CELL_LINES,
            kind=["bigWig", "narrowPeak"],
        ),
    localrule: True
