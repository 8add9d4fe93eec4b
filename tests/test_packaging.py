"""The wheel, the sdist and both editable installs hold the package as the checkout has it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

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
@pytest.mark.parametrize("kind", ["wheel", "lenient", "strict"])
def test_installs_and_imports_elsewhere(source: Path, tmp_path: Path, kind: str) -> None:
    interpreter = environment(tmp_path / "env")
    if kind == "wheel":
        install(interpreter, build(source, tmp_path / "dist", "wheel"))
    else:
        install(interpreter, "-e", source, "--config-settings", f"editable_mode={kind}")
    for cwd in (tmp_path, source):
        run = subprocess.run([interpreter, "-c", CODE], cwd=cwd, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        file, module = run.stdout.split()
        assert module == "gnnlab.layers.gcn"
        home = tmp_path / "env" if kind == "wheel" and cwd == tmp_path else source
        assert Path(file).resolve().is_relative_to(home.resolve())
