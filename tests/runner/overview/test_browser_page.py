"""The page for the browser: whole in one file, asking for nothing, and telling no hidden score."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from written_runs import write_many, write_run

from gnnlab import cli
from gnnlab.runner.overview.read_runs import ReadRun, read_runs
from gnnlab.runner.overview.web import page_data
from gnnlab.runner.overview.web.browser_page import browser_page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
OPTIONAL = {"papers", "paper-chart", "confusion", "confusion-charts"}
"""Parts of a page that has what they show."""
VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Tags with their attributes, cells of the table, and the data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.data = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script" and self.tags[-1][1].get("id") == "data":
            self.data = data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data.strip()


def values(page: Page) -> list[dict[str, Any]]:
    return list(json.loads(page.data)["runs"])


def test_a_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    write_many(tmp_path, 12, epochs=30)
    page = Page(browser_page(read_runs(tmp_path), "gnnlab report runs"))
    policy = [a["content"] for t, a in page.tags if a.get("http-equiv")]
    assert policy == [
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    ]
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "onclick", "onload"} & set(attributes), tag
        assert tag != "link" or attributes["href"] == "data:,"
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {"table", "boxes", "scatter", "loss-curves", "settings-table"} <= set(ids)
    script = "".join(page_data_of("*.js"))
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|eval|innerHTML|WebSocket)\b", script)
    for name in re.findall(r"byId\(\"([\w-]+)\"\)", script):
        assert name in {*ids, *OPTIONAL}, name
    assert "url(" not in "".join(page_data_of("*.css"))


def page_data_of(pattern: str) -> list[str]:
    return [path.read_text() for path in Path(page_data.__file__).parent.glob(pattern)]


def test_the_table_and_the_data_hold_every_run(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [0.5, 0.75], settings={"training.lr": 0.1}, epochs=10)
    write_run(tmp_path / "b", [0.25], metric="mae", model="SAGE", settings={"training.lr": 1})
    page = Page(browser_page(read_runs(tmp_path)))
    head, *rows = page.rows
    assert [dict(zip(head, row, strict=True))["test"] for row in rows] == [
        "62.50 ± 17.68", "0.2500",
    ]  # fmt: skip
    one, other = values(page)
    assert one["scores"] == [50, 75] and one["mean"] == 62.5 and not one["lower"]
    assert other["mean"] == 0.25 and other["lower"] and other["std"] is None
    assert one["settings"]["training.lr"] == 0.1
    assert json.loads(page.data)["settings"] == ["training.lr"]
    curve = one["curves"][0]
    assert len(curve["epoch"]) == len(curve["test"]) == 10 and max(curve["valid"]) > 1  # percent


def test_a_run_is_titled_by_the_shortest_that_tells_it_from_others(tmp_path: Path) -> None:
    places = ["x/a-gcn-0123456789ab", "x/b-gcn-0123456789ab", "x/b-gcn-ba9876543210"]
    places += ["x/c-1", "y/c-1", "x/d"]
    for place in places:
        write_run(tmp_path / place, [0.5], recipe="some/recipe" if place == "x/d" else "")
    found = page_data.titles(read_runs([tmp_path / "x", tmp_path / "y"]))
    assert found == [
        "a-gcn", "b-gcn-0123456789ab", "b-gcn-ba9876543210", str(tmp_path / "x" / "c-1"),
        "some/recipe", str(tmp_path / "y" / "c-1"),
    ]  # fmt: skip


def test_no_text_of_a_run_can_leave_its_place(tmp_path: Path) -> None:
    evil = "</script><img src=http://example.org/x onerror=alert(1)>\u2028"
    write_run(tmp_path / "a", [0.5], model=evil, data='"><b>', settings={"model.note": evil})
    text = browser_page(read_runs(tmp_path), evil, evil)
    page = Page(text)
    assert not [tag for tag, _ in page.tags if tag in ("img", "b")]
    assert values(page)[0]["model"] == evil and page.rows[1][3] == evil.strip()


def test_a_score_that_would_choose_is_not_in_the_page(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [0.123456789], valid=0.5, epochs=5)
    (run,) = read_runs(tmp_path)
    row = {**run.rows[0], "test": None}
    hidden = ReadRun(run.folder, run.settings, (row,), chosen=False)
    text = browser_page([hidden])
    assert "12.3" not in text and "not chosen" in text
    (told,) = values(Page(text))
    assert told["mean"] is None and told["curves"][0]["test"] == []


def test_a_paper_stands_beside_ours(tmp_path: Path) -> None:
    from gnnlab.runner import configure, recipe
    from gnnlab.runner.runs.run_toml import describe

    made = recipe("platonov/minesweeper-gcn")
    folder = write_run(tmp_path / "a", [0.9, 0.91], metric="roc_auc", data="minesweeper")
    (folder / "run.toml").unlink()
    describe(configure(made.settings), folder, made.name)
    page = Page(browser_page(read_runs(tmp_path)))
    (told,) = values(page)
    assert told["title"] == made.name and told["paper"]["mean"] == made.mean
    assert told["paper"]["apart"] == pytest.approx((90.5 - (made.mean or 0)) / (made.std or 1))
    assert "paper-chart" in [a.get("id") for _, a in page.tags]
    # A recipe that a later version has no more takes the paper away and nothing else.
    path = folder / "run.toml"
    path.write_text(path.read_text().replace(made.name, "gone/recipe"))
    assert values(Page(browser_page(read_runs(tmp_path))))[0]["paper"] is None


def test_confusion_is_the_sum_over_splits_of_what_may_be_seen(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", [0.5, 0.75])
    for split in (0, 1):
        line = {"split": split, "seed": 0, "counts": [[1, 2], [3, 4 + split]]}
        with (folder / "confusion.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
    (run,) = read_runs(tmp_path)
    page = Page(browser_page([run]))
    assert values(page)[0]["confusion"] == [[2, 4], [6, 9]]
    assert "confusion-charts" in [a.get("id") for _, a in page.tags]
    hidden = ReadRun(run.folder, run.settings, run.rows, chosen=False)
    assert values(Page(browser_page([hidden])))[0]["confusion"] is None


def test_many_curves_are_thinned_to_what_a_page_can_hold(tmp_path: Path) -> None:
    write_many(tmp_path, 4, epochs=600, pairs=12)
    runs = read_runs(tmp_path)
    found = page_data.page_runs(runs)
    assert all(len(run["curves"]) == page_data.PAIRS for run in found)
    assert max(len(c["epoch"]) for run in found for c in run["curves"]) == page_data.MOST
    copies = [ReadRun(run.folder, run.settings, run.rows) for run in runs * 30]
    numbers = sum(page_data.numbers_in(run) for run in page_data.page_runs(copies))
    assert numbers <= page_data.NUMBERS
    for run in found:
        for curve in run["curves"]:
            assert curve["kept"] in curve["epoch"]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not here")
def test_a_browser_draws_what_the_page_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_many(tmp_path / "runs", 12, epochs=30)
    assert cli.main(["report", "runs", "--html", "page.html"]) == 0
    words = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    words += [f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=3000"]
    done = subprocess.run(
        [*words, (tmp_path / "page.html").as_uri()], capture_output=True, text=True, timeout=120
    )
    assert "gnnlab report runs --html page.html" in done.stdout
    drawn = done.stdout.partition('id="boxes"')[2]
    assert drawn.count("<svg") == 4, done.stderr[-500:]  # boxes, cost, two of curves
    assert drawn.count('class="curve"') == 2 * 3 * 5 and "legend" in drawn
    assert done.stdout.count('class="picked"') == 3 and "12 of 12 runs" in done.stdout
