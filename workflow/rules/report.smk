# Needs: windows/, models/, predictions/, evaluation/, inputs.tsv, benchmarks/.
# Makes: report/, the figures and tables that snakemake --report puts into report.html,
#        windows/summary.tsv, and evaluation/answer.tsv, whether to trust each model.
import json

SHOWN = list(WINDOW_SETS)[0]
UNIT = {
    "mean": "× genome mean",
    "none": "signal",
    "quantile": f"normalised to {config['reference_line']}",
}[config["signal_scaling"]]
RECORDS = collect(f"{OUT}/models/{{model}}/{{member}}/training.json", model=TRAINED, member=MEMBERS)

# Tracks that were given the quantiles of one line are in one range.
MEASURED = [] if config["signal_scaling"] == "quantile" else LABELLED


rule give_answer:
    input:
        metrics=collect(rules.evaluate_cell_line.output.metrics, cell_line=LABELLED),
        calls=rules.judge_calls.output.measures,
        measures=collect(MEASURES, cell_line=MEASURED),
    output:
        table=f"{OUT}/evaluation/answer.tsv",
        page=report(
            f"{OUT}/report/answer.html",
            caption="../report/report/answer.rst",
            category="Answer",
            labels=FACTOR | {"answer": "Is it to be trusted?"},
        ),
        rendered=f"{OUT}/report/answer.part.html",
    log:
        f"{OUT}/logs/report/give_answer.log",
    benchmark:
        f"{OUT}/benchmarks/report/give_answer.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=f"Is the prediction of {config['tf']} to be trusted?",
        roles=ROLES,
        baselines=BASELINES,
        trained_on=TRAINED_ON,
        measured=MEASURED,
        scaled=SCALE == "mean",
    script:
        "../scripts/report/give_answer.py"


rule summarise_windows:
    input:
        checked=ancient(CHECKED),
        windows=TEST_WINDOWS,
        signals=collect(f"{SHARED}/{SHOWN}/{{line}}.signal.npy", line=MEMBER_LINES),
        labels=collect(f"{OUT}/{SHOWN}/{{line}}.labels.npy", line=MEMBER_LINES),
    output:
        summary=f"{OUT}/windows/summary.tsv",
        table=report(
            f"{OUT}/report/windows.html",
            caption="../report/windows/windows.rst",
            category="Data",
            labels=FACTOR | {"data": "Windows, table"},
        ),
        figure=report(
            f"{OUT}/report/windows.svg",
            caption="../report/windows/windows.rst",
            category="Data",
            labels=FACTOR | {"data": "Windows, figure"},
        ),
        accessibility=report(
            f"{OUT}/report/accessibility.svg",
            caption="../report/windows/accessibility.rst",
            category="Data",
            labels=FACTOR | {"data": "Accessibility"},
        ),
    log:
        f"{OUT}/logs/report/summarise_windows.log",
    benchmark:
        f"{OUT}/benchmarks/report/summarise_windows.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        cell_lines=MEMBER_LINES,
        unit=UNIT,
    script:
        "../scripts/report/summarise_windows.py"


rule tabulate_inputs:
    input:
        CHECKED,
    output:
        report(
            f"{OUT}/report/inputs.html",
            caption="../report/inputs/inputs.rst",
            category="Data",
            labels=FACTOR | {"data": "Checked inputs"},
        ),
    log:
        f"{OUT}/logs/report/tabulate_inputs.log",
    benchmark:
        f"{OUT}/benchmarks/report/tabulate_inputs.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/tabulate_inputs.py"


rule plot_training:
    input:
        rules.train_network.output.history,
    output:
        report(
            f"{OUT}/report/training/{{model}}/{{member}}.svg",
            caption="../report/training/curves.rst",
            category="Training",
            labels=FACTOR
            | {"training": "Learning curves", "model": "{model}", "member": "{member}"},
        ),
    log:
        f"{OUT}/logs/report/plot_training/{{model}}/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_training/{{model}}/{{member}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        models=MODELS,
    script:
        "../scripts/report/plot_training.py"


rule tabulate_training:
    input:
        RECORDS,
    output:
        training=report(
            f"{OUT}/report/training.html",
            caption="../report/training/training.rst",
            category="Training",
            labels=FACTOR | {"training": "Training runs", "model": "all", "member": "all"},
        ),
        software=report(
            f"{OUT}/report/software.html",
            caption="../report/report/software.rst",
            category="Run",
            labels=FACTOR | {"run": "Software"},
        ),
    log:
        f"{OUT}/logs/report/tabulate_training.log",
    benchmark:
        f"{OUT}/benchmarks/report/tabulate_training.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/tabulate_training.py"


rule tabulate_results:
    input:
        windows=collect(rules.evaluate_windows.output, model=MODELS),
        summary=rules.summarise_evaluation.output[0],
        records=RECORDS,
        published=workflow.source_path("../../resources/published.tsv"),
    output:
        headline=report(
            f"{OUT}/report/headline.html",
            caption="../report/evaluation/headline.rst",
            category="Results",
            labels=FACTOR | {"result": "Headline", "cell line": "all"},
        ),
        summary=report(
            f"{OUT}/report/summary.html",
            caption="../report/evaluation/summary.rst",
            category="Results",
            labels=FACTOR | {"result": "Summary", "cell line": "all"},
        ),
    log:
        f"{OUT}/logs/report/tabulate_results.log",
    benchmark:
        f"{OUT}/benchmarks/report/tabulate_results.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        trained_on=TRAINED_ON,
        roles=ROLES,
        same_task=config["windows"]["strategy"] == "apac2022",
    script:
        "../scripts/report/tabulate_results.py"


rule plot_precision_recall:
    input:
        metrics=rules.evaluate_cell_line.output.metrics,
        curves=rules.evaluate_cell_line.output.curves,
    output:
        report(
            f"{OUT}/report/precision_recall/{{cell_line}}.svg",
            caption="../report/evaluation/precision_recall.rst",
            category="Results",
            labels=FACTOR | {"result": "Precision and recall", "cell line": "{cell_line}"},
        ),
    log:
        f"{OUT}/logs/report/plot_precision_recall/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_precision_recall/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=figure_title,
    script:
        "../scripts/report/plot_precision_recall.py"


rule plot_reliability:
    input:
        rules.evaluate_cell_line.output.reliability,
    output:
        report(
            f"{OUT}/report/reliability/{{cell_line}}.svg",
            caption="../report/evaluation/reliability.rst",
            category="Results",
            labels=FACTOR | {"result": "Reliability", "cell line": "{cell_line}"},
        ),
    log:
        f"{OUT}/logs/report/plot_reliability/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_reliability/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=figure_title,
    script:
        "../scripts/report/plot_reliability.py"


rule plot_calls:
    input:
        measures=rules.judge_calls.output.measures,
        distances=rules.judge_calls.output.distances,
    output:
        report(
            f"{OUT}/report/calls.svg",
            caption="../report/evaluation/calls.rst",
            category="Results",
            labels=FACTOR | {"result": "Called sites", "cell line": "all"},
        ),
    log:
        f"{OUT}/logs/report/plot_calls.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_calls.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/plot_calls.py"


rule plot_sites:
    input:
        **CHECKED_GENOME,
        signals=signals,
        scale=scale,
        labels=lambda w: label_track(w.cell_line),
        excluded=UNJUDGED,
        predictions=collect(f"{OUT}/predictions/{{model}}/{{{{cell_line}}}}.bigWig", model=MODELS),
        motif=rules.score_motif.output if MOTIF else [],
        calls=f"{OUT}/predictions/{MODELS[0]}/{{cell_line}}.narrowPeak",
        threshold=f"{OUT}/evaluation/thresholds/{MODELS[0]}.tsv",
    output:
        report(
            f"{OUT}/report/sites/{{cell_line}}.png",
            caption="../report/evaluation/sites.rst",
            category="Tracks",
            labels=FACTOR | {"cell line": "{cell_line}"},
        ),
    log:
        f"{OUT}/logs/report/plot_sites/{{cell_line}}.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_sites/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(30),
    params:
        models=[*MODELS, *["motif"] * len(MOTIF)],
        chromosomes=CHROMOSOMES["test"],
        title=figure_title,
        unit=UNIT,
    script:
        "../scripts/report/plot_sites.py"


# Benchmarks are no outputs, so that the jobs they are of can only be awaited by what they make.
rule tabulate_benchmarks:
    input:
        rules.predict.input,
        rules.evaluate.input,
    output:
        report(
            f"{OUT}/report/benchmarks.html",
            caption="../report/report/benchmarks.rst",
            category="Run",
            labels=FACTOR | {"run": "Benchmarks"},
        ),
    log:
        f"{OUT}/logs/report/tabulate_benchmarks.log",
    benchmark:
        f"{OUT}/benchmarks/report/tabulate_benchmarks.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        directories=[f"{x}/benchmarks" for x in dict.fromkeys([OUT, SHARED])],
    script:
        "../scripts/report/tabulate_benchmarks.py"


rule write_config:
    output:
        report(
            f"{OUT}/report/config.html",
            caption="../report/report/config.rst",
            category="Run",
            labels=FACTOR | {"run": "Configuration"},
        ),
    log:
        f"{OUT}/logs/report/write_config.log",
    benchmark:
        f"{OUT}/benchmarks/report/write_config.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        config=json.loads(refusals.public(json.dumps(config))),
    script:
        "../scripts/report/write_config.py"


rule report:
    input:
        rules.give_answer.output,
        rules.summarise_windows.output,
        rules.tabulate_inputs.output,
        collect(rules.plot_training.output, model=TRAINED, member=MEMBERS),
        rules.tabulate_training.output if TRAINED else [],
        rules.tabulate_results.output,
        collect(rules.plot_precision_recall.output, cell_line=LABELLED),
        collect(rules.plot_reliability.output, cell_line=LABELLED),
        rules.plot_calls.output,
        collect(rules.plot_sites.output, cell_line=LABELLED),
        rules.tabulate_benchmarks.output,
        rules.write_config.output,
    localrule: True
