"""Sphinx: MyST notebooks, executed on every build; an error in a page fails the build."""

import jaxspin

project = "jaxspin"
author = "The jaxspin developers"
copyright = "2026, the jaxspin developers"
version = release = jaxspin.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "jupyter_execute"]

nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
add_module_names = False

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"

html_theme = "pydata_sphinx_theme"
html_title = "jaxspin"
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "show_prev_next": True}
html_show_sourcelink = False


def _moduli_are_no_substitutions(app, what, name, obj, options, lines):
    """Docstrings write moduli as |m|; reStructuredText would look for a substitution of that name."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def setup(app):
    """Hook the docstrings."""
    app.connect("autodoc-process-docstring", _moduli_are_no_substitutions)
