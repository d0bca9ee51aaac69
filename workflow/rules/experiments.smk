# Needs: windows/, and what fresh windows are read from. Trains the first model of the config, for
#        its first member, again and again with something changed; the study itself needs none of it.
# Makes: trials/{experiment}.tsv for the experiments ablation (target ablate), batch_size and then
#        learning_rate (target tune), scaling (target scaling) and search (target search), the best
#        of each in trials/{experiment}.yaml, and their figures in report/trials/;
#        trials/largest_batch.tsv (target largest_batch); trials/gpu_types.tsv (target gpu_types).

import pandas as pd
from snakemake.utils import Paramspace

listed = pd.DataFrame(study.experiments.trials)
trials = Paramspace(listed)
trials_of = {
    experiment: [f"{study.out}/trials/{x}" for x in Paramspace(own).instance_patterns]
    for experiment, own in listed.groupby("experiment")
}


rule try_setting:
    input:
        unpack(
            lambda w: study.window_files(
                study.experiments.member, study.experiments.settings(w.experiment, w.value)
            )
        ),
        checked=ancient(study.checked),
        chosen=branch(
            lambda w: w.experiment == "learning_rate",
            then=f"{study.out}/trials/batch_size.yaml",
            otherwise=[],
        ),
    output:
        directory(f"{study.out}/trials/{trials.wildcard_pattern}"),
    log:
        f"{study.out}/logs/try_setting/{trials.wildcard_pattern}.log",
    benchmark:
        f"{study.out}/benchmarks/try_setting/{trials.wildcard_pattern}.tsv"
    wildcard_constraints:
        experiment="|".join(x for x in study.experiments.changes if x != "gpu_type"),
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=lambda w: study.experiments.devices(w.experiment, w.value),
        mem_mb=grows(24000),
        runtime=grows(600),
    params:
        recipe=lambda w: study.recipe(
            study.experiments.settings(w.experiment, w.value), int(w.seed)
        ),
        draw=lambda w: study.draw(
            study.experiments.settings(w.experiment, w.value), study.experiments.member
        ),
        n_devices=lambda w: study.experiments.devices(w.experiment, w.value),
        checkpoints=f"{study.out}/checkpoints/trials/{trials.wildcard_pattern}",
    script:
        "../scripts/experiments/try_setting.py"


use rule try_setting as try_gpu_type with:
    log:
        f"{study.out}/logs/try_gpu_type/{trials.wildcard_pattern}.log",
    benchmark:
        f"{study.out}/benchmarks/try_gpu_type/{trials.wildcard_pattern}.tsv"
    wildcard_constraints:
        experiment="gpu_type",
    resources:
        gpu=1,
        gpu_model=lambda w: w.value,
        mem_mb=grows(24000),
        runtime=grows(600),


rule summarise_trials:
    input:
        lambda w: trials_of[w.experiment],
    output:
        table=f"{study.out}/trials/{{experiment}}.tsv",
        best=f"{study.out}/trials/{{experiment}}.yaml",
    log:
        f"{study.out}/logs/summarise_trials/{{experiment}}.log",
    benchmark:
        f"{study.out}/benchmarks/summarise_trials/{{experiment}}.tsv"
    wildcard_constraints:
        experiment="|".join(study.experiments.changes),
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        changes=lambda w: study.experiments.changes[w.experiment],
    script:
        "../scripts/experiments/summarise_trials.py"


# Averaging at prediction needs no training of its own: the default's networks serve.
rule average_predictions:
    input:
        **study.window_files(study.experiments.member, study.experiments.stored),
        checked=ancient(study.checked),
        trials=[x for x in trials_of["ablation"] if "/value~default/" in x],
    output:
        f"{study.out}/trials/averages.tsv",
    log:
        f"{study.out}/logs/average_predictions.log",
    benchmark:
        f"{study.out}/benchmarks/average_predictions.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        batch_size=study.experiments.default["batch_size"],
        arrays=study.arrays(study.models[0]),
    script:
        "../scripts/experiments/average_predictions.py"


rule plot_ablation:
    input:
        trials=f"{study.out}/trials/ablation.tsv",
        averages=rules.average_predictions.output[0],
    output:
        figure=report(
            f"{study.out}/report/trials/ablation.svg",
            caption="../report/experiments/ablation.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "Ablation, figure"},
        ),
        table=report(
            f"{study.out}/report/trials/ablation.html",
            caption="../report/experiments/ablation.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "Ablation, table"},
        ),
    log:
        f"{study.out}/logs/report/plot_ablation.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_ablation.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        changes=study.experiments.variants,
    script:
        "../scripts/experiments/plot_ablation.py"


rule plot_tuning:
    input:
        batch_size=f"{study.out}/trials/batch_size.tsv",
        best_batch_size=f"{study.out}/trials/batch_size.yaml",
        learning_rate=f"{study.out}/trials/learning_rate.tsv",
        best_learning_rate=f"{study.out}/trials/learning_rate.yaml",
    output:
        best=report(
            f"{study.out}/report/trials/tuning.svg",
            caption="../report/experiments/tuning.rst",
            category="Experiments",
            labels=study.factor_label
            | {"experiment": "Tuning: PR-AUC by batch size and learning rate"},
        ),
        curves=report(
            f"{study.out}/report/trials/tuning_curves.svg",
            caption="../report/experiments/tuning_curves.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "Tuning: learning curves"},
        ),
    log:
        f"{study.out}/logs/report/plot_tuning.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_tuning.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/experiments/plot_tuning.py"


rule plot_scaling:
    input:
        f"{study.out}/trials/scaling.tsv",
    output:
        report(
            f"{study.out}/report/trials/scaling.svg",
            caption="../report/experiments/scaling.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "Several devices"},
        ),
    log:
        f"{study.out}/logs/report/plot_scaling.log",
    benchmark:
        f"{study.out}/benchmarks/report/plot_scaling.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/experiments/plot_scaling.py"


# Measured with windows of noise: memory does not depend on what is in them.
rule find_largest_batch:
    output:
        f"{study.out}/trials/largest_batch.tsv",
    log:
        f"{study.out}/logs/find_largest_batch.log",
    benchmark:
        f"{study.out}/benchmarks/find_largest_batch.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        recipe=study.recipe(study.experiments.default, study.experiments.member.seed),
        length=config["windows"]["length"],
    script:
        "../scripts/experiments/find_largest_batch.py"


# Workers share the journal of the search, each with its own trials, until there are enough.
rule search_settings:
    input:
        **study.window_files(study.experiments.member, study.experiments.tuned),
        checked=ancient(study.checked),
    output:
        touch(f"{study.out}/trials/search/worker-{{worker}}.done"),
    log:
        f"{study.out}/logs/search_settings/{{worker}}.log",
    benchmark:
        f"{study.out}/benchmarks/search_settings/{{worker}}.tsv"
    wildcard_constraints:
        worker="[0-9]+",
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(24000),
        runtime=grows(600),
    params:
        recipe=study.recipe(study.experiments.tuned, study.experiments.member.seed),
        draw=study.draw(study.experiments.tuned, study.experiments.member),
        trials=study.experiments.tuning["trials"],
        batch_sizes=study.experiments.tuning["batch_sizes"],
        learning_rates=study.experiments.tuning["learning_rates"],
        checkpoints=f"{study.out}/checkpoints/search",
    script:
        "../scripts/experiments/search_settings.py"


rule summarise_search:
    input:
        collect(
            f"{study.out}/trials/search/worker-{{worker}}.done",
            worker=range(study.experiments.tuning["workers"]),
        ),
    output:
        table=f"{study.out}/trials/search.tsv",
        best=f"{study.out}/trials/search.yaml",
        figure=report(
            f"{study.out}/report/trials/search.svg",
            caption="../report/experiments/search.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "Joint search"},
        ),
    log:
        f"{study.out}/logs/summarise_search.log",
    benchmark:
        f"{study.out}/benchmarks/summarise_search.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        checkpoints=f"{study.out}/checkpoints/search",
    script:
        "../scripts/experiments/summarise_search.py"


rule tabulate_gpu_types:
    input:
        trials=trials_of["gpu_type"],
        rates=workflow.source_path("../../profiles/gadi/queues.tsv"),
    output:
        table=f"{study.out}/trials/gpu_types.tsv",
        page=report(
            f"{study.out}/report/trials/gpu_types.html",
            caption="../report/experiments/gpu_types.rst",
            category="Experiments",
            labels=study.factor_label | {"experiment": "GPU types"},
        ),
    log:
        f"{study.out}/logs/report/tabulate_gpu_types.log",
    benchmark:
        f"{study.out}/benchmarks/report/tabulate_gpu_types.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/experiments/tabulate_gpu_types.py"


rule ablate:
    input:
        rules.plot_ablation.output,
    localrule: True


rule tune:
    input:
        rules.plot_tuning.output,
    localrule: True


rule scaling:
    input:
        rules.plot_scaling.output,
    localrule: True


rule largest_batch:
    input:
        rules.find_largest_batch.output,
    localrule: True


rule search:
    input:
        rules.summarise_search.output,
    localrule: True


rule gpu_types:
    input:
        rules.tabulate_gpu_types.output,
    localrule: True
