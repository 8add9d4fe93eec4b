"""The rooms beside ``gnnlab/`` import as one package, cheaply, under one name."""

from __future__ import annotations

import configparser
import doctest
import importlib
import importlib.util
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("datasets", "layers", "rewiring", "tasks")
HEAVY = (
    "torch_geometric",
    "numba",
    "triton",
    "pandas",
    "matplotlib",
    "networkx",
    "sklearn",
    "scipy",
)


def modules() -> list[str]:
    """Every module of the package, by walking its folders."""
    names = ["gnnlab"]
    for package in ("gnnlab", *(f"gnnlab.{room}" for room in ROOMS)):
        found = pkgutil.walk_packages(importlib.import_module(package).__path__, package + ".")
        names += [module.name for module in found if not module.name.endswith("__main__")]
    return sorted(set(names))


def python(code: str, cwd: Path = ROOT, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fresh interpreter that sees the checkout and nothing installed of it."""
    # The path is put in by hand, after -I, so that an installed gnnlab cannot stand in for it.
    code = f"import sys; sys.path.insert(0, {str(root)!r})\n" + code
    return subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def with_doctests() -> list[str]:
    """The modules whose text has an example."""
    found = []
    for name in modules():
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        if ">>> " in Path(spec.origin).read_text(encoding="utf-8"):
            found.append(name)
    return found


@pytest.mark.parametrize("name", with_doctests())
def test_doctests_hold(name: str) -> None:
    names = {"torch": importlib.import_module("torch")}
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs=names).failed == 0


def test_setup_cfg_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    inits = [
        path
        for folder in ("gnnlab", *ROOMS)
        for path in (ROOT / folder).rglob("__init__.py")
        if "__pycache__" not in path.parts
    ]
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in inits}
    found = {name if name.startswith("gnnlab") else f"gnnlab.{name}" for name in found}
    assert set(config["options"]["packages"].split()) == found


def test_every_module_has_one_name() -> None:
    for name in modules():
        importlib.import_module(name)
    paths: dict[str, list[str]] = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        inside = file and any(str(ROOT / folder) + "/" in file for folder in ("gnnlab", *ROOMS))
        if inside and name != "__main__":
            paths.setdefault(str(file), []).append(name)
    assert {file: names for file, names in paths.items() if len(names) > 1} == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imported_by_its_folder_name_says_what_to_import(room: str) -> None:
    run = python(f"import {room}")
    assert run.returncode == 1
    assert f"import gnnlab.{room}, not {room}" in run.stderr


def test_works_uninstalled_from_elsewhere(tmp_path: Path) -> None:
    run = python("import gnnlab; print(gnnlab.layers.GCN.__module__)", cwd=tmp_path)
    found = run.stdout.strip(), run.returncode
    assert found == ("gnnlab.layers.convolutional.gcn", 0), run.stderr


def test_a_checkout_keeps_to_its_own_rooms(tmp_path: Path) -> None:
    for folder in ("gnnlab", *ROOMS):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.pyc"))
    # What an editable install of this checkout leaves behind: a finder that knows all names.
    code = f"""
import importlib.util, pathlib
class Editable:
    def find_spec(name, path=None, target=None):
        home = pathlib.Path({str(ROOT)!r}, name.removeprefix("gnnlab."), "__init__.py")
        if name.removeprefix("gnnlab.") in {ROOMS!r}:
            return importlib.util.spec_from_file_location(
                name, home, submodule_search_locations=[str(home.parent)])
sys.meta_path.append(Editable)
import gnnlab
print(*[getattr(gnnlab, room).__file__ for room in {ROOMS!r}])
"""
    run = python(code, cwd=tmp_path, root=tmp_path)
    expected = [str(tmp_path / room / "__init__.py") for room in ROOMS]
    assert run.stdout.split() == expected, run.stderr


def test_import_loads_nothing_heavy() -> None:
    code = f"import gnnlab; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert python(code).stdout.strip() == "[]"


@pytest.mark.slow
def test_import_costs_at_most_a_third_of_a_second_over_torch() -> None:
    code = "import time, torch; t = time.perf_counter(); import gnnlab, gnnlab.ops, gnnlab.layers"
    code += "; print(time.perf_counter() - t)"
    # Only the best of several runs measures the import; the others measure the machine.
    assert min(float(python(code).stdout) for _ in range(4)) < 0.3


def test_unknown_attribute_lists_what_there_is() -> None:
    gnnlab = importlib.import_module("gnnlab")
    with pytest.raises(AttributeError, match="no attribute 'layer'; it has .*layers"):
        _ = gnnlab.layer


def test_check_is_the_function_whatever_was_imported_before() -> None:
    run = python("import gnnlab, gnnlab.tasks; gnnlab.tasks.fit; print(callable(gnnlab.check))")
    assert run.stdout.strip() == "True", run.stderr


def test_links_hold_every_room_and_drop_what_is_gone(tmp_path: Path) -> None:
    from gnnlab._links import link

    for room in ("gnnlab", *ROOMS):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "gnnlab" / "old.py").touch()
    package = link(tmp_path) / "gnnlab"
    (tmp_path / "gnnlab" / "old.py").rename(tmp_path / "gnnlab" / "new.py")
    link(tmp_path)
    assert {path.name for path in package.iterdir()} == {"__init__.py", "new.py", *ROOMS}
    assert all((package / room / "__init__.py").is_file() for room in ROOMS)
