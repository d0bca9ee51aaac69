# A study of several factors: the whole workflow once for each, as a module.
# Needs: a config with `factors` and no `tf`. Makes: the targets of a study of one, for all of them.
#        The rules of a factor are named after it; those of what all share are the first factor's.

STUDIES = {x: config | {"tf": x} for x in config["factors"]}


def for_every_factor(by_rule):
    """Settings by rule, those of a rule's name in a study of one for the rule of every factor.

    A factor's rule that has settings by its own name has those only.
    """
    prefixes = tuple(f"{factor}_" for factor in STUDIES)
    own = {name: x for name, x in by_rule.items() if name.startswith(prefixes)}
    usual = {name: x for name, x in by_rule.items() if name not in own}
    return {prefix + name: x for prefix in prefixes for name, x in usual.items()} | own


# Of profiles and the command line, before any rule is made.
SETTINGS = workflow.resource_settings
SETTINGS.overwrite_threads = for_every_factor(SETTINGS.overwrite_threads)
SETTINGS.overwrite_resources = for_every_factor(SETTINGS.overwrite_resources)

for STUDY in STUDIES:
    PREFIX = f"{STUDY}_"

    module:
        name: STUDY
        snakefile:
            "../../Snakefile"
        config:
            STUDIES[STUDY]

    if STUDY == list(STUDIES)[0]:

        use rule * from STUDY as PREFIX*

    else:

        use rule * from STUDY exclude simulate_genome, download_shared_file, prepare_genome, check_genome, exclude_bases, exclude_outside, check_signal, measure_signal, gather_shared_checks, sample_signal, normalise_signal, average_signal, list_usable_starts, draw_windows, extract_sequence, extract_signal, extract_average as PREFIX*


for TARGET in (
    *("download", "windows", "train", "predict", "evaluate", "report", "compare", "browse"),
    *("ablate", "tune", "search", "scaling", "gpu_types", "largest_batch"),
):

    rule:
        name:
            TARGET
        input:
            [getattr(rules, f"{study}_{TARGET}").input for study in STUDIES],
        localrule: True
