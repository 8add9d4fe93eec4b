"""What README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_runs_as_it_stands(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})


def test_the_first_example_has_about_ten_lines() -> None:
    first = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0]
    assert len([line for line in first.splitlines() if line]) <= 10


def test_main_table_shows_the_four_models() -> None:
    table = re.search(r"<!-- main-table -->(.*?)<!-- /main-table -->", README, re.DOTALL)
    assert table is not None
    rows = re.findall(r"^\| *(ResNet|GCN|SAGE|GAT-sep)", table[1], re.MULTILINE)
    assert rows == ["ResNet", "GCN", "SAGE", "GAT-sep"]
