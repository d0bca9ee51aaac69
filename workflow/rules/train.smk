# Needs: windows/ (and, for fresh windows, the genome, bigWigs and labels they are read from).
# Makes: models/{model}/{member}/model.keras, history.tsv and training.json.


rule train:
    input:
        windows=rules.draw_windows.output[0],
        sequence=rules.extract_sequence.output[0],
        training_signal=member_array("train", "signal"),
        training_labels=member_array("train", "labels"),
        validation_signal=member_array("validation", "signal"),
        validation_labels=member_array("validation", "labels"),
        usable=if_fresh(rules.list_usable_starts.output[0]),
        fasta=if_fresh(rules.prepare_genome.output.fasta),
        fai=if_fresh(rules.prepare_genome.output.fai),
        signals=if_fresh(lambda line: SIGNAL_FILES[line]),
        labels=if_fresh(label_track),
    output:
        model=f"{OUT}/models/{{model}}/{{member}}/model.keras",
        history=f"{OUT}/models/{{model}}/{{member}}/history.tsv",
        record=f"{OUT}/models/{{model}}/{{member}}/training.json",
    log:
        f"{OUT}/logs/train/{{model}}/{{member}}.log",
    benchmark:
        f"{OUT}/benchmarks/train/{{model}}/{{member}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 8
    resources:
        gpu=1,
        mem_mb=16000,
        runtime=600,
    params:
        recipe=lambda w: recipe(settings(w.model), MEMBERS[w.member]["seed"]),
        draw=lambda w: draw(settings(w.model)),
        # Beside the outputs, not among them: Snakemake clears outputs before a job starts again.
        checkpoints=f"{OUT}/checkpoints/{{model}}/{{member}}",
    script:
        "../scripts/train.py"


rule train_all:
    input:
        collect(f"{OUT}/models/{{model}}/{{member}}/model.keras", model=MODELS, member=MEMBERS),
    localrule: True
