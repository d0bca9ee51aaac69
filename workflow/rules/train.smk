# Needs: windows/ (and, for fresh windows, the genome, bigWigs and labels they are read from).
# Makes: models/{model}/{member}/model.keras, history.tsv and training.json.


def settings(model, *changes):
    """How a model trains: the training section, changed by the model's own keys, then others."""
    keys = {"architecture": model, **config["training"]}
    for change in (config["models"].get(model), *changes):
        keys |= change or {}
    return keys


def recipe(settings, seed):
    """What the library's Recipe takes."""
    return {k: v for k, v in settings.items() if k not in ("fresh_windows", "enriched")} | {
        "seed": seed
    }


def draw(settings):
    """How fresh training windows are drawn; None for stored ones."""
    if not settings["fresh_windows"]:
        return None
    return {
        "chromosomes": CHROMOSOMES["train"],
        "n": config["windows"]["train"],
        "length": config["windows"]["length"],
        "enriched": settings["enriched"],
        "scaling": config["signal_scaling"],
    }


def member_array(role, kind):
    """The array of a member's training or validation cell line."""
    return lambda w: f"{OUT}/windows/{MEMBERS[w.member][role]}.{kind}.npy"


def if_fresh(source):
    """An input of training that only fresh windows need: a path, or a function of a cell line."""

    def get(wildcards):
        if not settings(wildcards.model)["fresh_windows"]:
            return []
        return source(MEMBERS[wildcards.member]["train"]) if callable(source) else source

    return get


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
