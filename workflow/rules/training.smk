# Needs: windows/ (and, for fresh windows, the genome, bigWigs and labels they are read from), or
#        weights that were published.
# Makes: models/{model}/{member}/model.keras, and history.tsv and training.json if it was trained.


rule train_network:
    input:
        unpack(lambda w: window_files(MEMBERS[w.member], settings(w.model))),
    output:
        model=f"{OUT}/models/{{model}}/{{member}}/model.keras",
        history=f"{OUT}/models/{{model}}/{{member}}/history.tsv",
        record=f"{OUT}/models/{{model}}/{{member}}/training.json",
    log:
        f"{OUT}/logs/train_network/{{model}}/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/train_network/{{model}}/{{member}}.tsv"
    wildcard_constraints:
        model="|".join(map(re.escape, TRAINED)) or "(?!)",  # that matches nothing
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(600),
    params:
        recipe=lambda w: recipe(settings(w.model), MEMBERS[w.member]["seed"]),
        draw=lambda w: draw(settings(w.model), MEMBERS[w.member]),
        # Beside the outputs, not among them: Snakemake clears outputs before a job starts again.
        checkpoints=f"{OUT}/checkpoints/{{model}}/{{member}}",
    script:
        "../scripts/training/train.py"


if IMPORTED:

    rule import_weights:
        input:
            present(lambda w: [WEIGHTS[w.model, w.member]]),
        output:
            f"{OUT}/models/{{model}}/{{member}}/model.keras",
        log:
            f"{OUT}/logs/import_weights/{{model}}/{{member}}.log",
        benchmark:
            f"{OUT}/benchmarks/import_weights/{{model}}/{{member}}.tsv"
        wildcard_constraints:
            model="|".join(map(re.escape, IMPORTED)),
        conda:
            "../../envs/model.yaml"
        resources:
            mem_mb=grows(4000),
            runtime=grows(10),
        params:
            encoding=lambda w: encoding(settings(w.model)),
        script:
            "../scripts/training/import_weights.py"


rule train:
    input:
        collect(f"{OUT}/models/{{model}}/{{member}}/model.keras", model=MODELS, member=MEMBERS),
    localrule: True
