"""Own parts by import path: found in the current folder, refused in a sentence, told by source."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gnnlab.core.own_parts import imported, is_path, path_of, source_digest

NAME = "a_module_of_a_user"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith(NAME)]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *(("a:B", True), ("a.b.c:D.e", True), ("a_1:b2", True)),
        *(("a", False), ("a:", False), (":b", False), ("a:b:c", False), ("a b:c", False)),
        *(
            ("C:\\data", False),
            ("C:/data.csv", False),
            ("random:0", False),
            ("", False),
            (3, False),
        ),
    ],
)
def test_import_paths_are_told_from_other_names(name: object, is_one: bool) -> None:
    assert is_path(name) is is_one


def test_the_current_folder_is_looked_in_and_the_path_stays(folder: Path) -> None:
    (folder / f"{NAME}.py").write_text("class Net:\n    class Inner: pass\n")
    before = list(sys.path)
    found = imported(f"{NAME}:Net")
    assert imported(f"{NAME}:Net.Inner") is found.Inner
    assert path_of(found.Inner) == f"{NAME}:Net.Inner" and path_of(lambda: 0) == ""
    assert sys.path == before


def test_the_path_stays_where_a_module_fails(folder: Path) -> None:
    before = list(sys.path)
    (folder / f"{NAME}_fails.py").write_text("1 / 0\n")
    (folder / f"{NAME}_lacks.py").write_text("import nowhere_at_all\n")
    with pytest.raises(ValueError, match="cannot be imported: division by zero"):
        imported(f"{NAME}_fails:Net")
    with pytest.raises(ValueError, match="cannot be imported: No module named 'nowhere_at_all'"):
        imported(f"{NAME}_lacks:Net")
    with pytest.raises(ValueError, match=f"names the module {NAME}_none, which is neither"):
        imported(f"{NAME}_none.inner:Net")
    assert sys.path == before


def digest(folder: Path, text: str, name: str = NAME) -> str:
    (folder / f"{name}.py").write_text(text)
    sys.modules.pop(name, None)
    return source_digest(imported(f"{name}:Net"))


def test_a_digest_is_of_the_source_of_bases_too(folder: Path) -> None:
    base = folder / f"{NAME}_base.py"
    base.write_text("class Base: pass\n")
    text = f"import {NAME}_base\nclass Net({NAME}_base.Base): pass\n"
    one = digest(folder, text)
    assert digest(folder, text) == one != digest(folder, text + "# more\n")
    (folder / f"{NAME}.py").write_text(text)
    base.write_text("class Base: value = 1\n")
    del sys.modules[NAME], sys.modules[f"{NAME}_base"]
    assert source_digest(imported(f"{NAME}:Net")) != one


def test_what_runs_must_be_what_the_file_says(folder: Path) -> None:
    from importlib import reload

    file = folder / f"{NAME}.py"
    file.write_text("class Net: pass\n")
    one = source_digest(imported(f"{NAME}:Net"))
    file.write_text("class Net: value = 1\n")
    with pytest.raises(ValueError, match=f"{NAME}.py was changed after it was imported"):
        source_digest(imported(f"{NAME}:Net"))
    sys.path.insert(0, str(folder))
    try:
        reload(sys.modules[NAME])
    finally:
        sys.path.remove(str(folder))
    assert source_digest(imported(f"{NAME}:Net")) != one


def test_a_definition_without_a_file_has_a_digest() -> None:
    def made(body: str) -> type:
        space: dict[str, Any] = {"__name__": "nowhere"}
        exec(f"class Net:\n    def forward(self, x):\n        return {body}\n", space)
        cls: type = space["Net"]
        return cls

    assert source_digest(made("x + x")) == source_digest(made("x + x"))
    others = {source_digest(made(body)) for body in ("x + x", "x * x", "x + 1", "x + 2", "abs(x)")}
    assert len(others) == 5
