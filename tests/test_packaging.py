"""The wheel, the sdist and the editable installs hold the package as the checkout has it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import jedi
import pytest

pytestmark = pytest.mark.xdist_group("packaging")  # what its tests share is made once
ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("gnnlab", "datasets", "layers", "rewiring", "tasks")
OTHERS = ("tests", "docs", "notebooks", "benchmarks", ".ci")
CODE = """
import sys, gnnlab, importlib.resources, importlib.metadata
from gnnlab import datasets, layers, tasks
from gnnlab.ops import propagate
recipes = importlib.resources.files("gnnlab.recipes")
assert any(recipes.joinpath("platonov").iterdir()), "no recipes"
assert importlib.metadata.version("gnnlab") == gnnlab.__version__
assert "minesweeper" in datasets.names()
print(gnnlab.__file__, layers.GCN.__module__)
"""


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the checkout, because builds write into the tree."""
    home = tmp_path_factory.mktemp("source")
    clean = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for path in ROOT.iterdir():
        if path.name in (*FOLDERS, *OTHERS):
            shutil.copytree(path, home / path.name, ignore=clean)
        elif path.is_file():
            shutil.copy(path, home)
    return home


def build(source: Path, out: Path, kind: str) -> Path:
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "-o", out, source]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


def environment(home: Path) -> Path:
    """A new environment that sees our dependencies but not an installed gnnlab."""
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*")) / "site-packages"
    # A path named in a .pth file is searched, but its own .pth files (editable installs) are not.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin" / "python"


def install(interpreter: Path, *arguments: str | Path) -> None:
    pip = [interpreter, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def contents(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def tracked() -> set[str]:
    """What a wheel should hold: each module and data file of the rooms, under its import path."""
    files = set()
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                name = path.relative_to(ROOT).as_posix()
                files.add(name if folder == "gnnlab" else f"gnnlab/{name}")
    return files


@pytest.mark.slow
def test_wheel_holds_exactly_the_tree_and_equals_the_one_from_the_sdist(
    source: Path, tmp_path: Path
) -> None:
    wheel = build(source, tmp_path / "wheel", "wheel")
    assert contents(wheel) == tracked()
    sdist = build(source, tmp_path / "sdist", "sdist")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert all((unpacked / folder).is_dir() for folder in OTHERS)
    assert contents(build(unpacked, tmp_path / "again", "wheel")) == contents(wheel)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "editable", "lenient", "strict"])
def test_installs_and_imports_elsewhere(source: Path, tmp_path: Path, kind: str) -> None:
    interpreter = environment(tmp_path / "env")
    if kind == "wheel":
        install(interpreter, build(source, tmp_path / "dist", "wheel"))
    elif kind == "editable":
        install(interpreter, "-e", source)
    else:
        install(interpreter, "-e", source, "--config-settings", f"editable_mode={kind}")
    for cwd in (tmp_path, source):
        run = subprocess.run([interpreter, "-c", CODE], cwd=cwd, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        file, module = run.stdout.split()
        assert module == "gnnlab.layers.convolutional.gcn"
        home = tmp_path / "env" if kind == "wheel" and cwd == tmp_path else source
        assert Path(file).resolve().is_relative_to(home.resolve())


USER = """
from gnnlab import datasets, layers, tasks

data = datasets.load("minesweeper-generated", seed=0, rows=10, columns=10)
encoder = layers.SAGE(7, 64, num_layers=5)
result = tasks.fit(tasks.NodeClassification(), encoder, data, tasks.Training(lr=3e-3))
print(f"{result.test:.3f}")
"""
WRONG = """
from gnnlab import layers

layers.SAGE(7, 64, num_layers="five")
layers.Sage
"""


@pytest.mark.slow
def test_an_editable_install_finds_files_that_are_newer(source: Path, tmp_path: Path) -> None:
    interpreter = environment(tmp_path / "env")
    install(interpreter, "-e", source)
    new = source / "gnnlab" / "newer.py"
    new.write_text("there = True\n")
    try:
        code = "import gnnlab.newer; print(gnnlab.newer.there)"
        command = [interpreter, "-c", code]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    finally:
        new.unlink()
    assert run.stdout.strip() == "True", run.stderr


@pytest.mark.slow
def test_static_tools_follow_the_editable_install(source: Path, tmp_path: Path) -> None:
    interpreter = environment(tmp_path / "env")
    install(interpreter, "-e", source)
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text(WRONG)
    pyright = [sys.executable, "-m", "basedpyright", "--pythonpath", interpreter, "--outputjson"]
    told = subprocess.run(
        [*pyright, "--level", "error", "user.py", "wrong.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    found = json.loads(told.stdout)["generalDiagnostics"]
    rules = sorted((Path(error["file"]).name, error["rule"]) for error in found)
    assert rules == [("wrong.py", "reportArgumentType"), ("wrong.py", "reportAttributeAccessIssue")]


@pytest.mark.slow
def test_editors_complete_names_of_the_editable_install(source: Path, tmp_path: Path) -> None:
    interpreter = environment(tmp_path / "env")
    install(interpreter, "-e", source)
    editor = jedi.create_environment(str(interpreter), safe=False)
    code = "from gnnlab import layers\nlayers.GAT"
    script = jedi.Script(code, project=jedi.Project(tmp_path), environment=editor)
    assert {name.name for name in script.complete()} >= {"GAT", "GATSep"}
