"""Results as a line, a table and a plot: what was measured, in the units it is read in."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from typing import Any

import pytest

from gnnlab import tasks

LONG = 400


def made(metric: str = "accuracy", scored: bool = True, **changes: Any) -> tasks.Result:
    curve = tasks.Curve()
    for epoch in range(1, LONG + 1):
        row = {"loss": 2 / epoch, "valid_loss": 2.5 / epoch}
        row |= {"valid": 0.5, "test": epoch / 1000} if scored else {}
        curve.append(epoch, row)
    score = 0.5 if scored else None
    values = {"valid": score, "test": score and 0.123456, "epoch": 123, "seconds": 4.321}
    values |= {"parameters": 23063, "peak_memory_bytes": 5 * 2**20, "metric": metric}
    return tasks.Result(**{**values, "curve": curve, "model": None, **changes})


def test_a_result_is_one_short_line() -> None:
    told = "test 12.35%, valid 50.00%, epoch 123 of 400, 4.3 s, 23,063 parameters"
    assert repr(made()) == f"Result(accuracy: {told})"
    assert "test 0.1235, valid 0.5," in repr(made("mae"))
    assert "test -, valid -" in repr(made("loss", scored=False))
    solved = made(curve=tasks.Curve(), epoch=0)
    assert "epoch" not in repr(solved) and len(repr(solved)) < 100


class Cells(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def test_a_notebook_shows_a_table_with_what_else_was_measured() -> None:
    cells = Cells(made(others={"test <hits@20>": 0.25})._repr_html_()).found
    pairs = dict(zip(cells[1::2], cells[2::2], strict=True))
    assert pairs["test accuracy"] == "12.35%" and pairs["kept epoch"] == "123 of 400"
    assert pairs["peak memory"] == "5 MiB" and pairs["test <hits@20>"] == "0.25"


def test_a_plot_has_both_curves_and_marks_the_kept_epoch() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    result = made()
    loss, score = result.plot()
    for ax, names in ((loss, ("loss", "valid_loss")), (score, ("valid", "test"))):
        lines = [line for line in ax.get_lines() if len(line.get_xdata()) == LONG]
        times = 1 if ax is loss else 100
        for line, name in zip(lines, names, strict=True):
            assert list(line.get_ydata()) == [times * value for value in result.curve[name]]
        dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
        assert [dot.get_xdata()[0] for dot in dots] == [123, 123]
        assert dots[0].get_ydata()[0] == times * result.curve[names[0]][122]
    assert score.get_ylabel() == "accuracy (%)"
    assert made("mae").plot()[1].get_ylabel() == "mae"
    given = pyplot.subplots(1, 2)[1]
    assert all(a is b for a, b in zip(result.plot(given), given, strict=True))
    assert len(made("loss", scored=False).plot()) == 1
    pyplot.close("all")


def test_what_cannot_be_plotted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no curve to plot: its task trains nothing"):
        made(curve=tasks.Curve()).plot()
    with pytest.raises(ValueError, match="1 axes are given, but the curve has 2 panels"):
        made().plot([None])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'gnnlab\[plot\]'"):
        made().plot()
