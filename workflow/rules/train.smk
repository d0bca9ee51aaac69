# Needs: windows/ (and, for fresh windows, the genome, bigWigs and labels they are read from).
# Makes: models/{model}/{member}/model.keras, history.tsv and training.json.


rule train_network:
    input:
        unpack(lambda w: window_files(MEMBERS[w.member], settings(w.model)["fresh_windows"])),
    output:
        model=f"{OUT}/models/{{model}}/{{member}}/model.keras",
        history=f"{OUT}/models/{{model}}/{{member}}/history.tsv",
        record=f"{OUT}/models/{{model}}/{{member}}/training.json",
    log:
        f"{OUT}/logs/train_network/{{model}}/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/train_network/{{model}}/{{member}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=grows(16000),
        runtime=grows(600),
    params:
        recipe=lambda w: recipe(settings(w.model), MEMBERS[w.member]["seed"]),
        draw=lambda w: draw(settings(w.model)),
        # Beside the outputs, not among them: Snakemake clears outputs before a job starts again.
        checkpoints=f"{OUT}/checkpoints/{{model}}/{{member}}",
    script:
        "../scripts/train.py"


rule train:
    input:
        collect(f"{OUT}/models/{{model}}/{{member}}/model.keras", model=MODELS, member=MEMBERS),
    localrule: True
