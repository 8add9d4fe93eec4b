"""Sphinx configuration of the documentation site; ``make docs`` builds it, offline."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# Drawn numbers and pictures of the notebooks come from generated graphs alone.
os.environ.pop("GNNLAB_MIRROR", None)

from _generate.docstrings import escape_arguments  # noqa: E402
from _generate.pages import write_pages  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

from gnnlab import __version__  # noqa: E402

write_pages()

project = "gnnlab"
author = "the gnnlab authors"
release = version = __version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "_generate.mathml",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["_generate", "_templates", "results/*", "**/.ipynb_checkpoints"]
suppress_warnings = [
    "myst.header",  # pages of results have sections of one level that begin with another
]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
maximum_signature_line_length = 80
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = ["Shapes", "Cost", "Source", "Settings"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_ref_domains = ["std"]  # a relative path is a page, and no method of that name
html_math_renderer = "mathml"

nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE.parent / "build" / "notebooks")
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"  # warnings of the machine that built the site

html_theme = "furo"
html_title = f"gnnlab {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Prepare docstrings before napoleon reads them."""
    app.connect("autodoc-process-docstring", lambda *event: escape_arguments(event[-1]), 400)
