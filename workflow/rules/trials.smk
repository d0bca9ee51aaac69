# Needs: windows/, and what fresh windows are read from. Trains the first model of the config, for
#        its first member, again and again with something changed; the study itself needs none of it.
# Makes: trials/{experiment}.tsv for the experiments ablation (target ablate), batch_size and then
#        learning_rate (target tune), scaling (target scaling) and search (target search), the best
#        of each in trials/{experiment}.yaml, and their figures in report/trials/;
#        trials/largest_batch.tsv (target largest_batch); trials/gpu_types.tsv (target gpu_types).


rule try_setting:
    input:
        unpack(lambda w: window_files(MEMBER, trial_settings(w))),
        chosen=branch(
            lambda w: w.experiment == "learning_rate",
            then=f"{OUT}/trials/batch_size.yaml",
            otherwise=[],
        ),
    output:
        directory(f"{OUT}/trials/{TRIALS.wildcard_pattern}"),
    log:
        f"{OUT}/logs/try_setting/{TRIALS.wildcard_pattern}.log",
    benchmark:
        f"{OUT}/benchmarks/try_setting/{TRIALS.wildcard_pattern}.tsv"
    wildcard_constraints:
        experiment="|".join(x for x in CHANGES if x != "gpu_type"),
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=trial_devices,
        mem_mb=grows(16000),
        runtime=grows(600),
    params:
        recipe=lambda w: recipe(trial_settings(w), int(w.seed)),
        draw=lambda w: draw(trial_settings(w), MEMBER),
        n_devices=trial_devices,
        checkpoints=f"{OUT}/checkpoints/trials/{TRIALS.wildcard_pattern}",
    script:
        "../scripts/try_setting.py"


use rule try_setting as try_gpu_type with:
    log:
        f"{OUT}/logs/try_gpu_type/{TRIALS.wildcard_pattern}.log",
    benchmark:
        f"{OUT}/benchmarks/try_gpu_type/{TRIALS.wildcard_pattern}.tsv"
    wildcard_constraints:
        experiment="gpu_type",
    resources:
        gpu=1,
        gpu_model=lambda w: w.value,
        mem_mb=grows(16000),
        runtime=grows(600),


rule summarise_trials:
    input:
        lambda w: trials_of(w.experiment),
    output:
        table=f"{OUT}/trials/{{experiment}}.tsv",
        best=f"{OUT}/trials/{{experiment}}.yaml",
    log:
        f"{OUT}/logs/summarise_trials/{{experiment}}.log",
    benchmark:
        f"{OUT}/benchmarks/summarise_trials/{{experiment}}.tsv"
    wildcard_constraints:
        experiment="|".join(CHANGES),
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        changes=lambda w: CHANGES[w.experiment],
    script:
        "../scripts/summarise_trials.py"


# Averaging at prediction needs no training of its own: the default's networks serve.
rule average_predictions:
    input:
        unpack(lambda w: window_files(MEMBER, settings(BASE, {"fresh_windows": False}))),
        trials=[x for x in trials_of("ablation") if "/value~default/" in x],
    output:
        f"{OUT}/trials/averages.tsv",
    log:
        f"{OUT}/logs/average_predictions.log",
    benchmark:
        f"{OUT}/benchmarks/average_predictions.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        batch_size=settings(BASE)["batch_size"],
    script:
        "../scripts/average_predictions.py"


rule plot_ablation:
    input:
        trials=f"{OUT}/trials/ablation.tsv",
        averages=rules.average_predictions.output[0],
    output:
        figure=report(
            f"{OUT}/report/trials/ablation.svg",
            caption="../report/ablation.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Ablation, figure"},
        ),
        table=report(
            f"{OUT}/report/trials/ablation.html",
            caption="../report/ablation.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Ablation, table"},
        ),
    log:
        f"{OUT}/logs/report/plot_ablation.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_ablation.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        changes=VARIANTS,
    script:
        "../scripts/plot_ablation.py"


rule plot_tuning:
    input:
        batch_size=f"{OUT}/trials/batch_size.tsv",
        best_batch_size=f"{OUT}/trials/batch_size.yaml",
        learning_rate=f"{OUT}/trials/learning_rate.tsv",
        best_learning_rate=f"{OUT}/trials/learning_rate.yaml",
    output:
        best=report(
            f"{OUT}/report/trials/tuning.svg",
            caption="../report/tuning.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Tuning: PR-AUC by batch size and learning rate"},
        ),
        curves=report(
            f"{OUT}/report/trials/tuning_curves.svg",
            caption="../report/tuning_curves.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Tuning: learning curves"},
        ),
    log:
        f"{OUT}/logs/report/plot_tuning.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_tuning.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/plot_tuning.py"


rule plot_scaling:
    input:
        f"{OUT}/trials/scaling.tsv",
    output:
        report(
            f"{OUT}/report/trials/scaling.svg",
            caption="../report/scaling.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Several devices"},
        ),
    log:
        f"{OUT}/logs/report/plot_scaling.log",
    benchmark:
        f"{OUT}/benchmarks/report/plot_scaling.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/plot_scaling.py"


# Measured with windows of noise: memory does not depend on what is in them.
rule find_largest_batch:
    output:
        f"{OUT}/trials/largest_batch.tsv",
    log:
        f"{OUT}/logs/find_largest_batch.log",
    benchmark:
        f"{OUT}/benchmarks/find_largest_batch.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(60),
    params:
        recipe=recipe(settings(BASE), MEMBER["seed"]),
        length=config["windows"]["length"],
    script:
        "../scripts/find_largest_batch.py"


# Workers share the journal of the search, each with its own trials, until there are enough.
rule search_settings:
    input:
        unpack(lambda w: window_files(MEMBER, settings(BASE, TUNING["training"]))),
    output:
        touch(f"{OUT}/trials/search/worker-{{worker}}.done"),
    log:
        f"{OUT}/logs/search_settings/{{worker}}.log",
    benchmark:
        f"{OUT}/benchmarks/search_settings/{{worker}}.tsv"
    wildcard_constraints:
        worker="[0-9]+",
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(600),
    params:
        recipe=recipe(settings(BASE, TUNING["training"]), MEMBER["seed"]),
        draw=draw(settings(BASE, TUNING["training"]), MEMBER),
        trials=TUNING["trials"],
        batch_sizes=TUNING["batch_sizes"],
        learning_rates=TUNING["learning_rates"],
        checkpoints=f"{OUT}/checkpoints/search",
    script:
        "../scripts/search_settings.py"


rule summarise_search:
    input:
        collect(f"{OUT}/trials/search/worker-{{worker}}.done", worker=range(TUNING["workers"])),
    output:
        table=f"{OUT}/trials/search.tsv",
        best=f"{OUT}/trials/search.yaml",
        figure=report(
            f"{OUT}/report/trials/search.svg",
            caption="../report/search.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "Joint search"},
        ),
    log:
        f"{OUT}/logs/summarise_search.log",
    benchmark:
        f"{OUT}/benchmarks/summarise_search.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    params:
        checkpoints=f"{OUT}/checkpoints/search",
    script:
        "../scripts/summarise_search.py"


rule tabulate_gpu_types:
    input:
        trials=trials_of("gpu_type"),
        rates=workflow.source_path("../../profiles/gadi/queues.tsv"),
    output:
        table=f"{OUT}/trials/gpu_types.tsv",
        page=report(
            f"{OUT}/report/trials/gpu_types.html",
            caption="../report/gpu_types.rst",
            category="Experiments",
            labels=FACTOR | {"experiment": "GPU types"},
        ),
    log:
        f"{OUT}/logs/report/tabulate_gpu_types.log",
    benchmark:
        f"{OUT}/benchmarks/report/tabulate_gpu_types.tsv"
    conda:
        "../../envs/report.yaml"
    resources:
        mem_mb=grows(1000),
        runtime=grows(10),
    script:
        "../scripts/tabulate_gpu_types.py"


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
