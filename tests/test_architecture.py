"""The house keeps its shape: imports run one way, rooms stay small, importing jaxspin is light."""

import importlib
import pathlib
import subprocess
import sys

import pytest

import jaxspin

PACKAGE = pathlib.Path(jaxspin.__file__).parent
ROOT = PACKAGE.parent


def run(*code):
    return subprocess.run([sys.executable, *code], capture_output=True, text=True, check=False, cwd=ROOT)


def test_imports_run_one_way():
    outcome = run("-c", "from importlinter.cli import lint_imports_command as main; main()")
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_holds_one_idea(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 450
    assert not text.strip() or text.lstrip().startswith('"""'), "a module says what it is about"


def test_importing_jaxspin_loads_nothing_heavy_and_sets_nothing():
    code = (
        "import sys, jaxspin;"
        "heavy = {'jax', 'diffrax', 'optimistix', 'matplotlib', 'pint', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy; import jax; before = jax.config.jax_enable_x64; jaxspin.fit; jaxspin.systems;"
        "assert jax.config.jax_enable_x64 == before and 'matplotlib' not in sys.modules and 'pint' not in sys.modules"
    )
    outcome = run("-c", code)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("name", sorted(jaxspin.__all__))
def test_every_public_name_is_there(name):
    assert getattr(jaxspin, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = jaxspin.nonsense


PACKAGES = ["core", "inverse", "io", "micromagnetics", "numerics", "planewave", "plot", "sweep", "systems", "transport"]


@pytest.mark.parametrize("module", PACKAGES)
def test_every_exported_name_of_a_part_exists(module):
    part = importlib.import_module(f"jaxspin.{module}")
    assert [name for name in getattr(part, "__all__", []) if not hasattr(part, name)] == []
