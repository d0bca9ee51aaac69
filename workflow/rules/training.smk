# Needs: windows/ (and, for fresh windows, the genome, bigWigs and labels they are read from), or
#        weights that were published.
# Makes: models/{model}/{member}/model.keras, and history.tsv and training.json if it was trained.


rule train_network:
    input:
        unpack(lambda w: study.window_files(study.members[w.member], study.settings(w.model))),
        checked=ancient(study.checked),
    output:
        model=f"{study.out}/models/{{model}}/{{member}}/model.keras",
        history=f"{study.out}/models/{{model}}/{{member}}/history.tsv",
        record=f"{study.out}/models/{{model}}/{{member}}/training.json",
    log:
        f"{study.out}/logs/train_network/{{model}}/{{member}}.log",
    benchmark:
        f"{study.out}/benchmarks/train_network/{{model}}/{{member}}.tsv"
    wildcard_constraints:
        model=any_of(study.trained),
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(24000),
        runtime=grows(600),
    params:
        recipe=lambda w: study.recipe(study.settings(w.model), study.members[w.member].seed),
        draw=lambda w: study.draw(study.settings(w.model), study.members[w.member]),
        # Beside the outputs, not among them: Snakemake clears outputs before a job starts again.
        checkpoints=f"{study.out}/checkpoints/{{model}}/{{member}}",
    script:
        "../scripts/training/train.py"


if study.imported:

    rule import_weights:
        input:
            present(lambda w: [study.weights[w.model, w.member]]),
        output:
            f"{study.out}/models/{{model}}/{{member}}/model.keras",
        log:
            f"{study.out}/logs/import_weights/{{model}}/{{member}}.log",
        benchmark:
            f"{study.out}/benchmarks/import_weights/{{model}}/{{member}}.tsv"
        wildcard_constraints:
            model=any_of(study.imported),
        conda:
            "../../envs/model.yaml"
        resources:
            mem_mb=grows(4000),
            runtime=grows(10),
        params:
            encoding=lambda w: study.encoding(w.model),
        script:
            "../scripts/training/import_weights.py"


rule train:
    input:
        collect(
            f"{study.out}/models/{{model}}/{{member}}/model.keras",
            model=study.models,
            member=study.members,
        ),
    localrule: True
