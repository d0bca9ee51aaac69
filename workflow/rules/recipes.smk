# What each network is trained with: those of the study, and those of its experiments.
# Needs: the names of common.smk. Makes: the names that train.smk and trials.smk use.
import pandas as pd
from snakemake.utils import Paramspace


def settings(model, *changes):
    """How a model trains: the training section, changed by the model's own keys, then others."""
    keys = {"architecture": model, **config["training"]}
    for change in (config["models"].get(model), *changes):
        keys |= change or {}
    return keys


def recipe(settings, seed):
    """What the library's Recipe takes."""
    other = ("fresh_windows", "enriched", "weights")
    return {k: v for k, v in settings.items() if k not in other} | {"seed": seed}


def encoding(settings):
    """What an imported network is built with: all that its weights do not say."""
    keys = ("architecture", "base_order", "signal_transform", "delta")
    return {key: settings[key] for key in keys}


def draw(settings, member):
    """How fresh training windows are drawn; None for stored ones."""
    fresh = settings["fresh_windows"]
    if not fresh:
        return None
    return {
        "chromosomes": member["chromosomes"]["train"],
        "n": config["windows"]["train"] if fresh is True else fresh,
        "length": config["windows"]["length"],
        "enriched": settings["enriched"],
    }


def window_files(member, settings):
    """What a member's windows are read from, by the library's names."""
    stored, labels = f"{SHARED}/{member['windows']}", f"{OUT}/{member['windows']}"
    files = {
        "checked": ancient(CHECKED),
        "windows": f"{stored}/windows.tsv",
        "sequence": f"{stored}/sequence.npy",
        "training_signal": f"{stored}/{member['train']}.signal.npy",
        "training_labels": f"{labels}/{member['train']}.labels.npy",
        "validation_signal": f"{stored}/{member['validation']}.signal.npy",
        "validation_labels": f"{labels}/{member['validation']}.labels.npy",
    }
    if settings["delta"]:
        files["average_windows"] = f"{stored}/average.npy"
    if settings["fresh_windows"]:
        files |= {
            "usable": USABLE,
            "fasta": FASTA,
            "fai": FAI,
            "signals": SIGNAL_FILES[member["train"]],
            "scale": scale_of(member["train"]),
            "labels": label_track(member["train"]),
            "excluded": EXCLUDED,
        }
        if settings["delta"]:
            files["average"] = AVERAGE
    return files


def weights_of(model, member):
    """The file of a member's weights; those of two factors may differ in the directory alone."""
    where, pattern = f"config (models.{model}.weights)", IMPORTED[model]
    if "factors" in config and "{tf}" not in pattern:
        refuse(where, "one file for all factors", "put {tf} in it, as in data/{tf}/weights.h5")
    with one_line():
        pattern = refusals.expand(pattern, where)
    names = {key: member[key] for key in ("train", "validation", "seed")} | {"tf": config["tf"]}
    try:
        return locate(pattern.format(**names), "weights", where)
    except (LookupError, ValueError, AttributeError):
        refuse(where, "other braces than those of its names", f"use {{{'}, {'.join(names)}}}")


WEIGHTS = {
    (model, name): weights_of(model, member)
    for model in IMPORTED
    for name, member in MEMBERS.items()
}
BASE, MEMBER = MODELS[0], list(MEMBERS.values())[0]
TUNING, SCALING = config["tuning"], config["scaling"]
VARIANTS = {"default": {}, **config["ablation"]["variants"]}
FACTORS = {"none": lambda n: 1, "sqrt": lambda n: n**0.5, "linear": lambda n: n}


def scaled(rule, n):
    """The global batch of n devices, and the learning rate that a rule gives it."""
    base = settings(BASE, SCALING["training"])
    return {
        "batch_size": base["batch_size"] * n,
        "learning_rate": base["learning_rate"] * FACTORS[rule](n),
    }


# What each value of an experiment changes of the recipe.
CHANGES = {
    "ablation": VARIANTS,
    "batch_size": {str(x): {"batch_size": x} for x in TUNING["batch_sizes"]},
    "learning_rate": {str(x): {"learning_rate": x} for x in TUNING["learning_rates"]},
    "scaling": {f"{r}-{n}": scaled(r, n) for r in SCALING["rules"] for n in SCALING["devices"]},
    "gpu_type": {x: {} for x in config["gpu_types"]},
}
BUDGETS = {
    "ablation": config["ablation"],
    "scaling": SCALING,
    "gpu_type": {"seeds": [MEMBER["seed"]], "training": {}},
}
TRIALS = Paramspace(
    pd.DataFrame(
        [
            {"experiment": experiment, "value": value, "seed": seed}
            for experiment, changes in CHANGES.items()
            for value in changes
            for seed in BUDGETS.get(experiment, TUNING)["seeds"]
        ]
    )
)


def trial_settings(wildcards):
    """How a trial trains, but for the batch size that an earlier experiment chose."""
    budget = BUDGETS.get(wildcards.experiment, TUNING)["training"]
    return settings(BASE, budget, CHANGES[wildcards.experiment][wildcards.value])


def trial_devices(wildcards):
    """How many devices a trial trains on."""
    return int(wildcards.value.split("-")[1]) if wildcards.experiment == "scaling" else 1


def trials_of(experiment):
    """The directories of an experiment's trials."""
    of_it = TRIALS[TRIALS["experiment"] == experiment]
    return [f"{OUT}/trials/{pattern}" for pattern in Paramspace(of_it).instance_patterns]
