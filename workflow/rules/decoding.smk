# Needs: models/{model}/*/model.keras, the genome, the cell line's bigWigs; to calibrate, labels.
# Makes: models/{model}/calibration.json, from what the networks say of the validation chromosomes;
#        predictions/{model}/{cell_line}.bigWig (probability at every base) and .narrowPeak;
#        export/{model}.zip, the model as a bundle that decodes without the study (target export).


from leopard.study.exported import (
    describe_bundle,
    list_averages,
    list_measures,
    list_references,
    list_sources,
)


rule calibrate_model:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=ancient(collect(study.signal_checks, cell_line=study.validation_lines)),
        signals=lambda w: study.signal_inputs(study.validation_lines, study.arrays(w.model)),
        labels=study.label_tracks(study.validation_lines),
        excluded=study.unjudged,
    output:
        f"{study.out}/models/{{model}}/calibration.json",
    log:
        f"{study.out}/logs/calibrate_model/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/calibrate_model/{{model}}.tsv"
    wildcard_constraints:
        model=any_of(study.calibrated),
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(120),
    params:
        signals=lambda w: {
            line: study.signals(line, study.arrays(w.model)) for line in study.validation_lines
        },
        labels={line: study.label_track(line) for line in study.validation_lines},
        chromosomes=study.chromosomes["validation"],
        both_strands=config["prediction"]["reverse_complement"],
        precision=config["prediction"]["precision"],
    script:
        "../scripts/decoding/calibrate_model.py"


rule predict_binding:
    input:
        **checked_genome,
        models=collect(
            f"{study.out}/models/{{{{model}}}}/{{member}}/model.keras", member=study.members
        ),
        signal_checks=ancient(study.signal_checks),
        signals=lambda w: study.signal_inputs([w.cell_line], study.arrays(w.model)),
        calibration=lambda w: study.calibrations([w.model]),
    output:
        f"{study.out}/predictions/{{model}}/{{cell_line}}.bigWig",
    log:
        f"{study.out}/logs/predict_binding/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/predict_binding/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(240),
    params:
        signals=lambda w: study.signals(w.cell_line, study.arrays(w.model)),
        chromosomes=study.decoded,
        both_strands=config["prediction"]["reverse_complement"],
        precision=config["prediction"]["precision"],
        background=config["prediction"]["background"],
        parts=f"{study.out}/checkpoints/{{model}}/{{cell_line}}.decoded",
    script:
        "../scripts/decoding/predict.py"


rule call_peaks:
    input:
        prediction=rules.predict_binding.output[0],
        thresholds=f"{study.out}/evaluation/thresholds/{{model}}.tsv",
        fasta=study.fasta,
        excluded=study.excluded,
    output:
        calls=f"{study.out}/predictions/{{model}}/{{cell_line}}.narrowPeak",
        counts=f"{study.out}/predictions/{{model}}/{{cell_line}}.calls.tsv",
    log:
        f"{study.out}/logs/call_peaks/{{model}}/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/call_peaks/{{model}}/{{cell_line}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(60),
    params:
        excluded_calls=config["prediction"]["excluded_calls"],
    script:
        "../scripts/decoding/call_peaks.py"


rule export_bundle:
    input:
        **checked_genome,
        models=rules.predict_binding.input.models,
        calibration=lambda w: study.calibrations([w.model]),
        threshold=f"{study.out}/evaluation/thresholds/{{model}}.tsv",
        summary=f"{study.out}/evaluation/summary.tsv",
        excluded=study.excluded,
        measures=lambda w: [
            path for lines in list_measures(study, w.model).values() for path in lines.values()
        ],
        references=lambda w: list(list_references(study, w.model).values()),
        averages=lambda w: list(list_averages(study, w.model).values()),
        motif=study.motif,
        calls=lambda w: [study.calls(w.model, line) for line in study.trained_on],
        signals=lambda w: [
            x
            for line in study.trained_on
            for track in list_sources(study, w.model)
            for x in study.raw_signals[line][track]
        ],
    output:
        ensure(f"{study.out}/export/{{model}}.zip", non_empty=True),
    log:
        f"{study.out}/logs/export_bundle/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/export_bundle/{{model}}.tsv"
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        described=lambda w: describe_bundle(study, w.model),
        measures=lambda w: list_measures(study, w.model),
        references=lambda w: list_references(study, w.model),
        averages=lambda w: list_averages(study, w.model),
        signals={line: study.raw_signals[line] for line in study.trained_on},
        baselines=study.baselines,
    script:
        "../scripts/decoding/export_bundle.py"


rule predict:
    input:
        collect(
            f"{study.out}/predictions/{{model}}/{{cell_line}}.{{kind}}",
            model=study.models,
            cell_line=study.cell_lines,
            kind=["bigWig", "narrowPeak"],
        ),
    localrule: True


rule export:
    input:
        collect(rules.export_bundle.output, model=study.models),
    localrule: True
