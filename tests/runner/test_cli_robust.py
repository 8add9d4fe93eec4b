"""Commands in odd places: each ends in a sentence and the right exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gnnlab import cli
from gnnlab.runner import read_results

ROOT = Path(__file__).resolve().parents[2]
RUN = ["run", "--data", "csbm", "--model", "gcn", "--set", "data.nodes=60"]
RUN += ["--set", "training.epochs=2", "--set", "model.hidden_channels=4"]
SWEEP = ["sweep", *RUN[1:], "--over", "training.lr=[0.1]"]
BENCH = ["bench", "graph", "--models", "gin", "--data", "csl-generated", "--settings", "edges=0.1"]
BENCH += ["--set", "training.epochs=1", "--set", "data.copies=5", "--set", "run.splits=[0]"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, a folder, a pipe, and a run."""
    monkeypatch.setenv("GNNLAB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("folder").mkdir()
    os.mkfifo("pipe")
    return tmp_path


def started(*words: str, **options: object) -> subprocess.Popen[bytes]:
    """A command as a shell starts it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-m", "gnnlab", *words]
    return subprocess.Popen(call, env=environment, stderr=-1, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*RUN, "--out", "file"], "file/csbm-gcn-"),
        ([*SWEEP, "--out", "file"], "file/csbm-gcn-"),
        ([*BENCH, "--out", "file"], "file/csl-generated-gin-"),
        ([*RUN, "--out", "/dev/null"], "/dev/null/csbm-gcn-"),
        ([*SWEEP, "--file", "pipe"], "pipe cannot be read (it is a pipe or a device and no file)"),
        (["sweep", "--file", "folder"], "folder cannot be read (it is a folder and no file)"),
        (["sweep", "--file", "nowhere"], "nowhere cannot be read (No such file or directory)"),
        (["report", "pipe"], "no results.jsonl with a line in pipe"),
        (["report", "file"], "no results.jsonl with a line in file"),
        ([*RUN, "--set", "model.dropout=" + "[" * 9999], "is no value of a setting"),
        ([*RUN, "--set", "model.dropout=" + "9" * 9999], "is no value of a setting"),
    ],
)
def test_odd_places_are_told(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert sentence in told and told.count("\n") == 1 and "Error" not in told


@pytest.mark.parametrize("page", ["/dev/full", "folder", "nowhere/page.md", "file/page.md", "pipe"])
def test_pages_in_odd_places_are_told(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RUN, "--out", "runs"]) == 0
    capsys.readouterr()
    assert cli.main(["report", "runs", "--page", page]) == 2
    assert f"gnnlab: {page} cannot be written" in capsys.readouterr().err


def test_damaged_files_of_a_run_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*RUN, "--out", "runs"]) == 0
    (about,) = Path("runs").glob("*/run.toml")
    for content in (b"\xff", b"a = " + b"[" * 99_999, b"[data"):
        about.write_bytes(content)
        assert cli.main(["report", "runs", "--page", "page.md"]) == 2
        assert f"{about} is no TOML" in (told := capsys.readouterr().err)
        assert told.count("\n") == 1 and "delete it and run again" in told
    about.unlink()
    assert cli.main([*RUN, "--splits", "0,1", "--out", "runs"]) == 0  # the way out is one
    assert len(read_results(about.parent)) == 2 and about.is_file()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="has no /dev/full")
@pytest.mark.parametrize(
    "words",
    [["list", "recipes"], pytest.param([*RUN, "--out", "runs"], marks=pytest.mark.slow)],
)
def test_output_that_cannot_be_written_is_told(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        process = started(*words, stdout=full)
        told = process.communicate()[1].decode()
    assert process.returncode == 2
    assert told.endswith("(No space left on device): make room or send it elsewhere\n")
    if words[0] == "run":  # the result is there
        assert len(read_results(next(Path("runs").iterdir()))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["list", "recipes"], pytest.param([*SWEEP, "--out", "runs"], marks=pytest.mark.slow)],
)
def test_output_that_nobody_reads_stops_a_command(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = started(*words, stdout=write)
    os.close(write)
    told = process.communicate()[1].decode()
    assert process.returncode == 141
    resumes = "stopped, since nobody reads the output; the same command resumes\n"
    assert told.endswith(resumes if words[0] == "sweep" else "") and "Traceback" not in told


@pytest.mark.slow
def test_closed_streams_take_no_file_of_results() -> None:
    words = " ".join(f"'{word}'" for word in [sys.executable, "-m", "gnnlab", *RUN])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    call = ["sh", "-c", f"{words} --out runs 0<&- 1>&- 2>&-"]
    assert subprocess.run(call, env=environment).returncode == 0
    (folder,) = Path("runs").iterdir()
    assert len(read_results(folder)) == 1


def test_names_that_are_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    out = os.fsdecode(b"r\xff")
    assert cli.main([*RUN, "--out", out]) == 0
    assert cli.main(["report", out, "--page", os.fsdecode(b"p\xfe.md")]) == 0
    assert b"r\xff" in Path(os.fsdecode(b"p\xfe.md")).read_bytes()


@pytest.mark.slow
def test_two_processes_on_one_run_write_every_line_once() -> None:
    words = [*RUN, "--splits", "0,1,2", "--out", "runs"]
    both = [started(*words, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [(p.communicate()[1], p.returncode) for p in both] == [(b"", 0)] * 2
    (path,) = Path("runs").glob("*/results.jsonl")
    assert path.read_bytes().count(b"\n") == 3 == len(read_results(path.parent))


def test_a_stopped_command_says_whether_it_resumes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for name, file, told in (
            ("list", "listing", "stopped\n"),
            ("run", "run", "stopped; the same command resumes\n"),
        ):
            monkeypatch.setattr(f"gnnlab.cli.{file}.command", stop)
            assert cli.main([name]) == 130
            assert capsys.readouterr().err == told
    finally:
        signal.signal(signal.SIGINT, handler)


FULL = """
import resource, sys
from gnnlab.cli import main
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "command",
    [
        "run",
        pytest.param("sweep", marks=pytest.mark.slow),
        pytest.param("bench", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_ends_a_command_and_loses_nothing(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten results are asked for, and a file may hold four."""
    words = {"run": RUN, "sweep": SWEEP, "bench": [*BENCH, "--seeds", "0,1,2,3,4,5,6,7,8,9"]}
    splits = ["--splits", "0,1,2,3,4", "--seeds", "0,1"] if command != "bench" else []
    asked = [*words[command], *splits, "--out", "runs"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    call = [sys.executable, "-c", FULL, "1500", *asked]
    done = subprocess.run(call, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("cannot be written (File too large)") == 1
    (path,) = Path("runs").glob("*/results.jsonl")
    before = path.read_bytes()
    assert before.endswith(b"\n") and 3 <= before.count(b"\n") < 10
    assert cli.main(asked) == 0
    assert path.read_bytes().startswith(before) and path.read_bytes().count(b"\n") == 10
    assert not list(Path("runs").rglob(".*.part"))
