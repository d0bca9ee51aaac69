# Which networks there are: what each is trained and validated on, and which windows it sees.
# Needs: the names of common.smk. Makes: the names that the other rule files use.
import numpy as np


def list_members():
    """The members as listed, or neighbours in a ring, each with its chromosomes and windows."""
    if ("members" in config) == ("crisscross" in config):
        refuse("config", "it needs members or crisscross, and not both", "see config/README.md")
    if "members" in config:
        return [m | {"chromosomes": CHROMOSOMES, "windows": "windows"} for m in config["members"]]
    if len(CHROMOSOMES["train"]) < 2:
        refuse("config (chromosomes.train)", "one cannot be halved", "name two at least")
    members, ring = [], config["crisscross"]["cell_lines"]
    for seed in config["crisscross"]["seeds"]:
        shuffled = np.random.RandomState(seed).permutation(CHROMOSOMES["train"]).tolist()
        half = len(shuffled) // 2
        of_seed = {
            "seed": seed,
            "chromosomes": CHROMOSOMES | {"train": shuffled[:half], "validation": shuffled[half:]},
            "windows": f"windows/s{seed}",
        }
        pairs = zip(ring, [*ring[1:], ring[0]])
        members += [{"train": a, "validation": b} | of_seed for a, b in pairs]
    return members


LISTED = list_members()
FAST = config["prediction"]["ensemble"] == "fast"
MEMBERS = {
    f"{m['train']}-{m['validation']}-s{m['seed']}": m
    for m in LISTED
    if not FAST or m["seed"] == LISTED[0]["seed"]
}
WINDOW_SETS = {m["windows"]: m["chromosomes"] for m in MEMBERS.values()}
TEST_WINDOWS = f"{SHARED}/{list(WINDOW_SETS)[0]}/windows.tsv"  # the same in every set
TRAINED_ON = list(dict.fromkeys(m["train"] for m in MEMBERS.values()))
VALIDATION_LINES = list(dict.fromkeys(m["validation"] for m in MEMBERS.values()))
MEMBER_LINES = list(dict.fromkeys([*TRAINED_ON, *VALIDATION_LINES]))


def check_members():
    """What a schema cannot say."""
    if len({(m["train"], m["validation"], m["seed"]) for m in LISTED}) < len(LISTED):
        refuse("config (members)", "a member is listed twice", "give each its own seed")
    names = [f"{m['train']}-{m['validation']}-s{m['seed']}" for m in LISTED]
    if twice := next((x for x in names if names.count(x) > 1), None):  # a-b with c, a with b-c
        refuse("config (members)", f"two are called {twice}", "rename a cell line without -")
    for line in [m[role] for m in MEMBERS.values() for role in ("train", "validation")]:
        for sheet, lines in (
            (config["signals"], CELL_LINES),
            (LABELS_SHEET, LABELLED),
        ):
            if line not in lines:
                refuse(
                    "config (members)",
                    f"unknown cell line {line}",
                    f"name one of those in {sheet}: {', '.join(lines)}",
                )


check_members()


def role(cell_line):
    """What a cell line served for in training."""
    lines = {"training": TRAINED_ON, "validation": VALIDATION_LINES}
    return ", ".join(x for x in lines if cell_line in lines[x]) or "never trained on"


ROLES = {line: role(line) for line in LABELLED}


def figure_title(wildcards):
    return f"{config['tf']} in {wildcards.cell_line} ({ROLES[wildcards.cell_line]})"


wildcard_constraints:
    member="|".join(map(re.escape, MEMBERS)),
    windows="|".join(map(re.escape, WINDOW_SETS)),
