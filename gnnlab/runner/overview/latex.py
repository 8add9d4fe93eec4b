"""LaTeX table as papers have it: a pivot with booktabs, the best in bold, the second underlined."""

from __future__ import annotations

from collections.abc import Sequence

from gnnlab.runner.overview.pivot import LEVEL, Cell, Pivot

MARK = r"^{\dagger}"
SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def latex(pivot: Pivot) -> str:
    r"""Write a table environment that needs ``\usepackage{booktabs}`` and nothing else.

    Each column's best mean is bold and the next one underlined; means that are printed alike are
    marked alike. A dagger stands by what the paired test cannot tell from the best.
    """
    metrics = {pivot.metric(column) for column in pivot.columns}
    head = [" & ".join(["", *map(escaped, pivot.columns)]) + r" \\"]
    if len(metrics) > 1:
        own = [escaped(pivot.metric(column)) for column in pivot.columns]
        head.append(" & ".join(["", *own]) + r" \\")
    body = [_line(pivot, row) for row in pivot.rows]
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{caption(pivot)}}}",
        rf"\begin{{tabular}}{{l{'c' * len(pivot.columns)}}}",
        r"\toprule",
        *head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _line(pivot: Pivot, row: str) -> str:
    cells = [_cell(pivot.cells.get((row, column))) for column in pivot.columns]
    return " & ".join([escaped(row), *cells]) + r" \\"


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "--"
    mean, _, std = cell.text.partition(" ± ")
    mean = rf"\mathbf{{{mean}}}" if cell.rank == 1 else mean
    mean = rf"\underline{{{mean}}}" if cell.rank == 2 else mean
    spread = rf" \pm {std}" if std else ""
    return f"${mean}{spread}{MARK if cell.as_good_as_best else ''}$"


def caption(pivot: Pivot) -> str:
    """Say what the numbers are, over how many runs, and what the marks mean."""
    cells = list(pivot.cells.values())
    counts = sorted({len(cell.scores) for cell in cells})
    parts = [f"Test scores: {_metrics(pivot)}."]
    if counts == [1]:
        parts.append("One run each ($n = 1$).")
    else:
        parts.append(rf"Mean $\pm$ standard deviation (ddof 1) over $n = {_span(counts)}$ runs.")
    parts.append("Best in bold, second underlined.")
    if any(cell.as_good_as_best for cell in cells):
        parts.append(
            rf"${MARK}$: not distinguishable from the best of its column ($p \geq {LEVEL}$, paired "
            "$t$-test over the same splits and seeds, corrected for overlapping splits)."
        )
    if pivot.untested:
        names = ", ".join(map(escaped, pivot.untested))
        parts.append(f"Not tested, since how much its splits overlap is not known: {names}.")
    if any(cell.among > 1 for cell in cells):
        parts.append("Of several settings, the one best on validation.")
    return " ".join(parts)


def _metrics(pivot: Pivot) -> str:
    from gnnlab.tasks.metrics.by_name import is_fraction

    names = sorted({cell.run.metric for cell in pivot.cells.values()})
    return ", ".join(escaped(n) + (r" in percent" if is_fraction(n) else "") for n in names)


def _span(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]}$--${counts[-1]}"


def escaped(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)
