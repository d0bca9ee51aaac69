# The config, checked, and how problems are told: in one line, the last that the user sees.
# Needs: config, workflow/schemas/*. Makes: the config with its defaults, and one_line.
import atexit
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False))
SCHEMAS = HERE / "../schemas"
# The library of this clone, for this process and for the rules' scripts, which are in folders of
# their own: a copy that was installed, as by `pip install .`, may be of another version.
SCRIPTS = str(HERE / "../scripts")
sys.path.insert(0, SCRIPTS)
path = [x for x in os.getenv("PYTHONPATH", "").split(os.pathsep) if x not in ("", SCRIPTS)]
os.environ.update(PYTHONPATH=os.pathsep.join([SCRIPTS, *path]))

from console import show_briefly
from leopard.errors import InputError
from leopard.study.decoded import has_bundles
from leopard.study.opening import choose_factor, open_decoding, open_study
from leopard.study.refusals import public, refuse

if workflow.is_main_process:
    show_briefly(logger, workflow.output_settings)


@contextmanager
def one_line():
    """What is refused in here ends Snakemake with that line, and no stack of the workflow's own."""
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")


# Of several factors, the first leads: its rules make what all share (factors.smk).
leads = config.pop("leads", True)

with one_line():
    # What would be put before every path of the workflow is not before those among its params.
    if workflow.modifier.path_modifier.replace_prefix("results") != "results":
        refuse(
            "module with prefix",
            "this workflow's paths cannot be moved so",
            "leave the prefix out: results/{study} is the study's own",
        )
    choose_factor(config, SCHEMAS / "config.schema.yaml")

# Whether it is a study that only decodes, with bundles, and has rules of its own.
decodes = has_bundles(config)


# Of jobs that refused an input, the log ends with that line. Printed after all that Snakemake says.
onerror:
    said = "".join(Path(x).read_text(errors="replace") for x in log)
    logs = re.findall(r"^    log: (.*) \(check log file", said, re.M)
    lines = [
        line
        for path in dict.fromkeys(x for line in logs for x in line.split(", "))
        if Path(path).is_file()
        for line in Path(path).read_text(errors="replace").splitlines()[-1:]
        if line.startswith("error: ")
    ]
    if lines:
        atexit.register(print, "", *dict.fromkeys(lines), sep="\n", file=sys.stderr)
