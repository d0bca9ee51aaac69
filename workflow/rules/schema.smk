# The config, checked, and how problems are told: in one line, the last that the user sees.
# Needs: config, workflow/schemas/*. Makes: the config with its defaults, and functions.
import atexit
import re
import sys
from contextlib import contextmanager
from pathlib import Path

HERE = Path(workflow.current_basedir.get_path_or_uri(secret_free=False))
sys.path.insert(0, str(HERE / "../scripts"))  # the library, as the rules' scripts find it

from leopard import study as studies
from leopard.errors import InputError


@contextmanager
def one_line():
    """What is refused in here ends Snakemake with that line, and no stack of the workflow's own."""
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")


def refuse(where, problem, remedy):
    """End with one line."""
    with one_line():
        studies.refuse(where, problem, remedy)


def warn(line):
    """Warn once: the jobs of a cluster read the workflow again."""
    if workflow.is_main_process:
        logger.warning(f"warning: {studies.public(line)}")


def read_sheet(path, schema, key, where):
    """A sample sheet, checked row by row, each key in it once."""
    with one_line():
        return studies.read_sheet(studies.expand(path, where), SCHEMAS / schema, key)


SCHEMAS = HERE / "../schemas"
# What would be put before every path of the workflow is not before those among its params.
if workflow.modifier.path_modifier.replace_prefix("results") != "results":
    refuse(
        "module with prefix",
        "this workflow's paths cannot be moved so",
        "leave the prefix out: results/{study} is the study's own",
    )
with one_line():
    studies.complete_config(config, SCHEMAS / "config.schema.yaml")
    studies.check_names("factor", config.get("factors", ()))
if "tf" in config and "factors" in config:
    if config["tf"] not in config["factors"]:
        refuse("config (tf)", f"{config['tf']} is none of the factors", "name one of them")
    config |= config["factors"][config["tf"]] or {}
if "tf" not in config and "factors" not in config:
    refuse("config", "it has neither tf nor factors", "name the transcription factor")


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
