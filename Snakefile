import shlex
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.14")

# Snakemake pastes its Python's path into shell commands. (A module's Snakefile finds it quoted.)
if Path(sys.executable).exists():
    sys.executable = shlex.quote(sys.executable)


# A study named by --configfile stands alone; without one it is the default study.
if "study" not in config:

    configfile: "config/config.yaml"


include: "workflow/rules/config.smk"


if decodes:

    report: "workflow/report/decoding.rst"

    include: "workflow/rules/common.smk"
    include: "workflow/rules/inputs_given.smk"
    include: "workflow/rules/decoding_bundles.smk"
    include: "workflow/rules/evaluation_bundles.smk"
    include: "workflow/rules/interpretation_bundles.smk"
    include: "workflow/rules/interpretation_motifs.smk"
    include: "workflow/rules/report_run.smk"
    include: "workflow/rules/report_interpretation.smk"
    include: "workflow/rules/report_bundles.smk"

elif "tf" not in config:

    report: "workflow/report/workflow.rst"

    include: "workflow/rules/factors.smk"

else:

    report: "workflow/report/workflow.rst"

    include: "workflow/rules/common.smk"
    include: "workflow/rules/inputs_given.smk"
    include: "workflow/rules/inputs.smk"
    include: "workflow/rules/windows.smk"
    include: "workflow/rules/training.smk"
    include: "workflow/rules/decoding.smk"
    include: "workflow/rules/evaluation.smk"
    include: "workflow/rules/interpretation.smk"
    include: "workflow/rules/interpretation_motifs.smk"
    include: "workflow/rules/report_run.smk"
    include: "workflow/rules/report_interpretation.smk"
    include: "workflow/rules/report.smk"
    include: "workflow/rules/browsing.smk"
    include: "workflow/rules/experiments.smk"
    include: "workflow/rules/comparison.smk"


rule all:
    default_target: True
    input:
        rules.predict.input,
        rules.evaluate.input,
        rules.report.input,
    localrule: True
