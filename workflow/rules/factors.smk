# A study of several factors: the whole workflow once for each, as a module.
# Needs: a config with `factors` and no `tf`. Makes: the targets of a study of one, for all of them.
#        The rules of a factor are named after it; those of what all share are the first factor's.

factors = list(config["factors"])


def for_every_factor(by_rule):
    """Settings by rule, those of a rule's name in a study of one for the rule of every factor.

    A factor's rule that has settings by its own name has those only.
    """
    prefixes = tuple(f"{factor}_" for factor in factors)
    own = {name: x for name, x in by_rule.items() if name.startswith(prefixes)}
    usual = {name: x for name, x in by_rule.items() if name not in own}
    return {prefix + name: x for prefix in prefixes for name, x in usual.items()} | own


# Of profiles and the command line, before any rule is made. Snakemake (9.27) has no public way to
# change them, nor looks for a module's rules under their own names.
settings = workflow.resource_settings
settings.overwrite_threads = for_every_factor(settings.overwrite_threads)
settings.overwrite_resources = for_every_factor(settings.overwrite_resources)

for factor in factors:
    prefix = f"{factor}_"

    module:
        name: factor
        snakefile:
            "../../Snakefile"
        config:
            config | {"tf": factor, "leads": factor == factors[0]}

    use rule * from factor as prefix*


def targets_of(factor):
    """The targets of a study of one factor: its rules that make nothing themselves."""
    own = [x for x in workflow.rules if x.name.startswith(f"{factor}_") and not x.output]
    return [x.name.removeprefix(f"{factor}_") for x in own if x.name != f"{factor}_all"]


for target in targets_of(factors[0]):

    rule:
        name:
            target
        input:
            [getattr(rules, f"{factor}_{target}").input for factor in factors],
        localrule: True
