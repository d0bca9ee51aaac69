"""Sphinx' configuration of the site: `make docs`."""

import os
import sys
import tomllib
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "_ext"), str(ROOT / "workflow/scripts")]

project = "leopard-decode"
author = "The leopard-decode authors"
copyright = author
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "api_pages",
]
exclude_patterns = ["_build", "_ext"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# The library is imported for its docstrings; on this backend Keras needs no TensorFlow for it.
os.environ["KERAS_BACKEND"] = "numpy"
warnings.filterwarnings("ignore", "`custom_gradient` for the numpy backend")
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
autodoc_default_options = {"members": True}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
default_role = "py:obj"  # `name` in a docstring: a link where there is such a thing

html_theme = "furo"
html_title = f"leopard-decode {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
