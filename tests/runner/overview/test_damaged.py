"""Damaged files of a run: every report tells file and line in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_runs import write_run

from gnnlab import cli

DAMAGED = {
    "curves.jsonl": [b'{"split": 0}\n', b"\xff\n", b"[[[\n1\n"],
    "confusion.jsonl": [b"3\n", b'{"split":0,"seed":0,"counts":[[-1, "x"]]}\n'],
    "results.jsonl": [b'{"split": 0}\n', b"\xff\n"],
    "run.toml": [b"\xff", b"model = ", b"recipe = 3\n", b"model = 3\n", b"recipe = {name = 3}\n"],
}
CASES = [(name, content) for name, contents in DAMAGED.items() for content in contents]
COMMANDS = (["--html", "page.html"], ["--csv", "table.csv"], ["--latex", "table.tex"])


@pytest.mark.parametrize("name, content", CASES)
def test_a_damaged_file_is_told_in_a_sentence_or_does_not_matter(
    name: str,
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write_run(tmp_path / "runs" / "a", [0.5, 0.6], epochs=4)
    (folder / name).write_bytes(content)
    told = []
    for words in (*(["report", "runs", *more] for more in COMMANDS), ["show", "runs/a"]):
        status = cli.main(words)
        error = capsys.readouterr().err
        assert status in (0, 2) and error.count("\n") == status // 2, error
        assert "GNNLAB_DEBUG" not in error and "Traceback" not in error
        told += [error] if status else []
    assert any(name in error for error in told)
