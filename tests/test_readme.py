"""What the README shows runs."""

import pathlib
import re

import pytest

README = pathlib.Path(__file__).parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS)
def test_every_python_block_runs(code, capsys):
    exec(code, {})
    assert "theta_slope" in capsys.readouterr().out
