# Needs: windows/, models/, predictions/, evaluation/, inputs.tsv, benchmarks/.
# Makes: report/, the figures and tables that snakemake --report puts into report.html,
#        windows/summary.tsv, and evaluation/answer.tsv, whether to trust each model.


rule give_answer:
    input:
        metrics=collect(rules.evaluate_cell_line.output.metrics, cell_line=study.labelled),
        calls=rules.judge_calls.output.measures,
        measures=collect(study.measures(track=study.main), cell_line=study.measured),
    output:
        table=f"{study.out}/evaluation/answer.tsv",
        page=report(
            f"{study.out}/report/answer.html",
            caption="../report/report/answer.rst",
            category="Answer",
            labels=study.factor_label | {"answer": "Is it to be trusted?"},
        ),
        rendered=f"{study.out}/report/answer.part.html",
    log:
        f"{study.out}/logs/report/give_answer.log",
    benchmark:
        f"{study.out}/benchmarks/report/give_answer.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=f"Is the prediction of {config['tf']} to be trusted?",
        roles=study.roles,
        baselines=study.baselines,
        trained_on=study.trained_on,
        measured=study.measured,
        scaled=study.tracks[study.main].scaling == "mean",
    script:
        "../scripts/report/give_answer.py"


rule summarise_windows:
    input:
        checked=ancient(study.checked),
        windows=study.test_windows,
        signals=[
            study.window_array(list(study.window_sets)[0], track, line)
            for track in study.signal_tracks
            for line in study.member_lines
        ],
        labels=collect(
            f"{study.out}/{list(study.window_sets)[0]}/{{line}}.labels.npy",
            line=study.member_lines,
        ),
    output:
        summary=f"{study.out}/windows/summary.tsv",
        table=report(
            f"{study.out}/report/windows.html",
            caption="../report/windows/windows.rst",
            category="Data",
            labels=study.factor_label | {"data": "Windows, table"},
        ),
        figure=report(
            f"{study.out}/report/windows.svg",
            caption="../report/windows/windows.rst",
            category="Data",
            labels=study.factor_label | {"data": "Windows, figure"},
        ),
        signals=[
            report(
                f"{study.out}/report/signals/{track}.svg",
                caption="../report/windows/signals.rst",
                category="Data",
                labels=study.factor_label | {"data": f"Signal: {track}"},
            )
            for track in study.signal_tracks
        ],
    log:
        f"{study.out}/logs/report/summarise_windows.log",
    benchmark:
        f"{study.out}/benchmarks/report/summarise_windows.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(2000),
        runtime=grows(30),
    params:
        cell_lines=study.member_lines,
        tracks={track: study.unit(track) for track in study.signal_tracks},
    script:
        "../scripts/report/summarise_windows.py"


rule plot_training:
    input:
        rules.train_network.output.history,
    output:
        report(
            f"{study.out}/report/training/{{model}}/{{member}}.svg",
            caption="../report/training/curves.rst",
            category="Training",
            labels=study.factor_label
            | {"training": "Learning curves", "model": "{model}", "member": "{member}"},
        ),
    log:
        f"{study.out}/logs/report/plot_training/{{model}}/{{member}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_training/{{model}}/{{member}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        models=study.models,
    script:
        "../scripts/report/plot_training.py"


rule tabulate_training:
    input:
        study.records,
    output:
        training=report(
            f"{study.out}/report/training.html",
            caption="../report/training/training.rst",
            category="Training",
            labels=study.factor_label
            | {"training": "Training runs", "model": "all", "member": "all"},
        ),
        software=report(
            f"{study.out}/report/software.html",
            caption="../report/report/software.rst",
            category="Run",
            labels=study.factor_label | {"run": "Software"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_training.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_training.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/tabulate_training.py"


rule tabulate_results:
    input:
        windows=collect(rules.evaluate_windows.output, model=study.models),
        summary=rules.summarise_evaluation.output[0],
        records=study.records,
        published=workflow.source_path("../../resources/published.tsv"),
    output:
        headline=report(
            f"{study.out}/report/headline.html",
            caption="../report/evaluation/headline.rst",
            category="Results",
            labels=study.factor_label | {"result": "Headline", "cell line": "all"},
        ),
        summary=report(
            f"{study.out}/report/summary.html",
            caption="../report/evaluation/summary.rst",
            category="Results",
            labels=study.factor_label | {"result": "Summary", "cell line": "all"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_results.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_results.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        trained_on=study.trained_on,
        roles=study.roles,
        same_task=config["windows"]["strategy"] == "apac2022",
    script:
        "../scripts/report/tabulate_results.py"


rule plot_precision_recall:
    input:
        metrics=rules.evaluate_cell_line.output.metrics,
        curves=rules.evaluate_cell_line.output.curves,
    output:
        report(
            f"{study.out}/report/precision_recall/{{cell_line}}.svg",
            caption="../report/evaluation/precision_recall.rst",
            category="Results",
            labels=study.factor_label
            | {"result": "Precision and recall", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_precision_recall/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_precision_recall/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=lambda w: study.title(w.cell_line),
    script:
        "../scripts/report/plot_precision_recall.py"


rule plot_reliability:
    input:
        rules.evaluate_cell_line.output.reliability,
    output:
        report(
            f"{study.out}/report/reliability/{{cell_line}}.svg",
            caption="../report/evaluation/reliability.rst",
            category="Results",
            labels=study.factor_label | {"result": "Reliability", "cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_reliability/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_reliability/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=lambda w: study.title(w.cell_line),
    script:
        "../scripts/report/plot_reliability.py"


rule plot_calls:
    input:
        measures=rules.judge_calls.output.measures,
        distances=rules.judge_calls.output.distances,
    output:
        report(
            f"{study.out}/report/calls.svg",
            caption="../report/evaluation/calls.rst",
            category="Results",
            labels=study.factor_label | {"result": "Called sites", "cell line": "all"},
        ),
    log:
        f"{study.out}/logs/report/plot_calls.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_calls.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/report/plot_calls.py"


rule plot_sites:
    input:
        **checked_genome,
        signals=lambda w: study.signal_inputs([w.cell_line], [study.main]),
        labels=lambda w: study.label_track(w.cell_line),
        excluded=study.unjudged,
        predictions=collect(
            f"{study.out}/predictions/{{model}}/{{{{cell_line}}}}.bigWig", model=study.models
        ),
        motif=rules.score_motif.output if study.motif else [],
        calls=f"{study.out}/predictions/{study.models[0]}/{{cell_line}}.narrowPeak",
        threshold=f"{study.out}/evaluation/thresholds/{study.models[0]}.tsv",
    output:
        report(
            f"{study.out}/report/sites/{{cell_line}}.png",
            caption="../report/evaluation/sites.rst",
            category="Tracks",
            labels=study.factor_label | {"cell line": "{cell_line}"},
        ),
    log:
        f"{study.out}/logs/report/plot_sites/{{cell_line}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_sites/{{cell_line}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(30),
    params:
        models=[*study.models, *["motif"] * len(study.motif)],
        chromosomes=study.chromosomes["test"],
        title=lambda w: study.title(w.cell_line),
        signals=lambda w: study.signals(w.cell_line, [study.main]),
        unit=study.unit(study.main),
    script:
        "../scripts/report/plot_sites.py"


rule plot_planted:
    input:
        table=study.planted,
        threshold=f"{study.out}/evaluation/thresholds/{{model}}.tsv",
    output:
        accessibility=report(
            f"{study.out}/report/planted/{{model}}.accessibility.png",
            caption="../report/interpretation/planted_accessibility.rst",
            category="Contributions",
            labels=study.factor_label
            | {
                "contributions": "Motif and accessibility",
                "model": "{model}",
                "cell line": "none",
            },
        ),
        distances=report(
            f"{study.out}/report/planted/{{model}}.distances.png",
            caption="../report/interpretation/planted_distances.rst",
            category="Contributions",
            labels=study.factor_label
            | {"contributions": "Two motifs", "model": "{model}", "cell line": "none"},
        ),
    log:
        f"{study.out}/logs/report/plot_planted/{{model}}.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_planted/{{model}}.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        title=lambda w: f"What {w.model} needs: {config['tf']}",
    script:
        "../scripts/report/plot_planted.py"


rule write_track_page:
    input:
        **checked_genome,
        motif_check=[ancient(study.motif_check)] * len(study.motif),
        motif=study.motif,
        signals=study.signal_inputs(study.cell_lines, study.signal_tracks),
        labels=study.label_tracks(study.labelled),
        excluded=study.unjudged,
        predictions=[study.prediction(m, line) for line in study.cell_lines for m in study.models],
        calls=[study.calls(m, line) for line in study.cell_lines for m in study.models],
        thresholds=collect(f"{study.out}/evaluation/thresholds/{{model}}.tsv", model=study.models),
        igv=workflow.source_path("../../resources/igv/igv.min.js"),
    output:
        report(
            f"{study.out}/report/tracks.html",
            caption="../report/report/tracks.rst",
            category="Tracks",
            labels=study.factor_label | {"cell line": "all, to browse"},
        ),
    log:
        f"{study.out}/logs/report/write_track_page.log",
    benchmark:
        f"{study.out}/benchmarks/report/write_track_page.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(6000),
        runtime=grows(60),
    params:
        title=f"{config['tf']}: sites to browse",
        lines={
            line: {
                "title": study.title(line) if line in study.labelled else f"{study.tf} in {line}",
                "signals": study.signals(line, study.signal_tracks),
                "labels": study.label_track(line) if line in study.labelled else None,
            }
            for line in study.cell_lines
        },
        models=study.models,
        chromosomes=study.chromosomes["test"],
        units={track: study.unit(track) for track in study.signal_tracks},
        seed=config["windows"]["seed"],
    script:
        "../scripts/report/write_track_page.py"


rule report:
    input:
        rules.give_answer.output,
        rules.summarise_windows.output,
        rules.tabulate_inputs.output,
        collect(rules.plot_training.output, model=study.trained, member=study.members),
        rules.tabulate_training.output if study.trained else [],
        rules.tabulate_results.output,
        collect(rules.plot_precision_recall.output, cell_line=study.labelled),
        collect(rules.plot_reliability.output, cell_line=study.labelled),
        rules.plot_calls.output,
        collect(rules.plot_sites.output, cell_line=study.labelled),
        rules.write_track_page.output,
        rules.tabulate_benchmarks.output,
        rules.write_config.output,
    localrule: True
