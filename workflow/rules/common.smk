# The study, and what every rule file uses besides.
# Needs: config, workflow/schemas/*, the sample sheets. Makes: study, an object to ask; functions.
import re
from pathlib import Path

with one_line():
    study = open_decoding(config, SCHEMAS) if decodes else open_study(config, SCHEMAS, leads)
if workflow.is_main_process:  # the jobs of a cluster read the workflow again
    for line in study.warnings:
        logger.warning(f"warning: {public(line)}")

# For all that reads data: the genome, and that everything is checked. Ancient: to be checked again
# makes nothing out of date.
checked_genome = {"fasta": study.fasta, "fai": study.fai, "checked": ancient(study.checked)}
shared_genome = checked_genome | {"checked": ancient(study.shared_checked)}


def present(paths):
    """An input function of inputs that are there, or that some rule makes."""

    def find(wildcards):
        found = paths(wildcards) if callable(paths) else paths
        for path in found:
            given = study.sources.given.get(path)
            if given is None or Path(path).exists():
                continue
            if not any(x.is_producer(path) for x in workflow.rules):
                with one_line():
                    refuse(path, f"no such file, named in {given}", "correct the path")
        return found

    return find


def needs(given, key, paths, problem="missing", remedy="name it: nothing is done without it"):
    """Paths, or, of a key of the config that is not given, an input function that says so."""

    def ask(wildcards):
        with one_line():
            refuse(f"config ({key})", problem, remedy)

    return paths if given else ask


def grows(first):
    """A resource of which a job gets more each time it is tried: once, twice, three times as much."""
    return lambda wildcards, attempt: first * attempt


def any_of(names):
    """A pattern of these names; of none, one that matches nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    cell_line=any_of(study.cell_lines),
    track=any_of(study.signal_tracks),
    model=any_of(study.models),
