"""What the numbers of link prediction say, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
UNIFORM, HARD = "ncn", "heart"
"""Which paper's protocol has which negatives."""
KINDS = {UNIFORM: "uniform negatives", HARD: "hard negatives"}
SHARED = ("cn", "aa", "ra")
"""Heuristics that add up common neighbours, differently weighed."""


def written(name: str) -> str:
    """A heuristic's name as it is written: CN, Katz."""
    return name.upper() if len(name) < 4 else name.capitalize()


def metric_of(row: Row) -> str:
    """What picked the epoch, and what models are compared by."""
    return next(iter(row["scores"]))


def mean(row: Row) -> float:
    return float(row["scores"][metric_of(row)]["mean"])


def std(row: Row) -> float:
    return float(row["scores"][metric_of(row)]["std"])


def found_models(rows: Sequence[Row], blocks: Mapping[str, Row]) -> Iterator[str]:
    """How models compare, by either protocol."""
    by_paper = {p: [row for row in rows if row["paper"] == p] for p in (UNIFORM, HARD)}
    yield from orders(by_paper)
    for paper, own in by_paper.items():
        yield from plain_gcn(paper, own)
    for paper, own in by_paper.items():
        yield from completion(paper, own)
        yield from ends_alone(paper, own)
    for paper, own in by_paper.items():
        if own and paper in blocks:
            yield against_heuristics(paper, own, blocks[paper])


def orders(by_paper: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Whether both protocols put the models that both have in one order."""
    both = set.intersection(*({row["model"] for row in own} for own in by_paper.values()))
    if len(both) < 2:
        return
    order = {
        paper: [row["model"] for row in sorted(own, key=mean, reverse=True) if row["model"] in both]
        for paper, own in by_paper.items()
    }
    first, second = (_listed(order[paper]) for paper in (UNIFORM, HARD))
    if first == second:
        yield f"From first to last both protocols have {first}"
    else:
        yield f"From first to last, uniform negatives have {first}; hard ones have {second}"


def plain_gcn(paper: str, rows: Sequence[Row]) -> Iterator[str]:
    """How far the best GCN under a head without common neighbours is from the best with them."""
    plain = [row for row in rows if row["model"].startswith("GCN + ")]
    common = [row for row in rows if row["model"].endswith((" NCN", " NCNC"))]
    if plain and common:
        ours, theirs = max(plain, key=mean), max(common, key=mean)
        yield f"Against {KINDS[paper]} a plain GCN, `{ours['model']}`, {compared(ours, theirs)}"


def completion(paper: str, rows: Sequence[Row]) -> Iterator[str]:
    """What completing the common neighbours adds."""
    at = {row["model"].split(" + ")[-1]: row for row in rows}
    if "NCN" in at and "NCNC" in at:
        found = compared(at["NCNC"], at["NCN"])
        yield f"Against {KINDS[paper]} completion, `{at['NCNC']['model']}`, {found}"


def ends_alone(paper: str, rows: Sequence[Row]) -> Iterator[str]:
    """What the encoder under NCN reaches with a head that sees no common neighbour."""
    heads = {row["model"]: row for row in rows}
    for name, row in heads.items():
        encoder, _, head = name.partition(" + ")
        if f"{encoder} + NCN" in heads and head not in ("NCN", "NCNC"):
            found = compared(row, heads[f"{encoder} + NCN"])
            yield f"Against {KINDS[paper]} the same encoder without, `{name}`, {found}"


def compared(one: Row, other: Row) -> str:
    """One model beside another, by the metric that both were chosen by."""
    apart = 100 * (mean(one) - mean(other))
    side = "ahead of" if apart > 0 else "behind"
    words = (
        "more than the std of either"
        if abs(apart) > 100 * max(std(one), std(other))
        else "which is within the larger std of the two"
    )
    if min(one["runs"], other["runs"]) < 2:
        words = "of single runs"
    unit = metric_of(one).replace("hits", "Hits").replace("mrr", "MRR")
    return f"is {abs(apart):.2f} points of {unit} {side} `{other['model']}`, {words}"


def against_heuristics(paper: str, rows: Sequence[Row], block: Row) -> str:
    """How many models the best heuristic is ahead of that reads what they read."""
    own = [row for row in block["rows"] if row["reads"] == block["reads"][0]]
    best = max(own, key=mean)
    behind = [f"`{row['model']}`" for row in rows if mean(row) < mean(best)]
    told = f": {', '.join(behind)}" if behind else ""
    return (
        f"Against {KINDS[paper]} the best heuristic, {written(best['heuristic'])} with "
        f"{100 * mean(best):.2f}, is ahead of {len(behind)} of {len(rows)} models{told}"
    )


def found_heuristics(blocks: Mapping[str, Row], published: Mapping[str, Any]) -> Iterator[str]:
    """What a protocol asks, seen from scores that nothing is learnt for."""
    uniform, hard = blocks.get(UNIFORM), blocks.get(HARD)
    if uniform:
        yield from (chance(uniform), coincidence(uniform))
        yield from nearest(uniform, published)
    if hard:
        yield parted(hard, uniform)


def chance(block: Row) -> str:
    """What Hits@K is for a blind guess."""
    own, k = block["overlap"], _k(block)
    guess = k / (own["against"] + 1)
    return (
        f"A hit beats the {k}th best of {own['against']:,.0f} uniform negatives, which a blind "
        f"guess does in {guess:.1%} of the cases"
    )


def coincidence(block: Row) -> str:
    """Where counts of common neighbours cannot be told from their weighted sums, and why."""
    own, k = block["overlap"], _k(block)
    tests = {
        written(row["heuristic"]): row["tests"]
        for row in block["rows"]
        if row["heuristic"] in SHARED and row["reads"] == block["reads"][0]
    }
    same = sum(len(set(values)) == 1 for values in zip(*tests.values(), strict=True))
    share = own["positive_sharing"] / own["positive"]
    told = (
        f"{' and '.join(', '.join(tests).rsplit(', ', 1))} have the same Hits@{k} on {same} of "
        f"{len(block['splits'])} splits: {own['negative_sharing']:.1f} of the negatives share a "
        "neighbour in the mean"
    )
    if own["negative_sharing"] < k:
        told += (
            f", fewer than {k}, so that a link is a hit as soon as it has a common neighbour, "
            f"however that is weighed; {share:.1%} of the links have one"
        )
    return told


def nearest(block: Row, published: Mapping[str, Any]) -> Iterator[str]:
    """Which of our numbers a published one is nearest to, by what was read."""
    parts = []
    for name, number in published.items():
        own = [row for row in block["rows"] if row["heuristic"] == name]
        if own:
            row = min(own, key=lambda row: abs(100 * mean(row) - number["mean"]))
            apart = abs(100 * mean(row) - number["mean"]) / max(100 * std(row), number["std"])
            parts.append(
                f"{written(name)}, {number['mean']:.2f}, is nearest to ours from {row['reads']}, "
                f"{100 * mean(row):.2f} ({apart:.1f} of the larger std apart)"
            )
    if parts:
        yield f"The published {'; the published '.join(parts)}"


def parted(hard: Row, uniform: Row | None) -> str:
    """How common neighbours do where negatives have them too."""
    own = hard["overlap"]
    share = own["negative_sharing"] / own["negative"]
    scores = {row["heuristic"]: row for row in hard["rows"]}
    told = ", ".join(f"{written(n)} {100 * mean(scores[n]):.2f}" for n in SHARED if n in scores)
    links = own["positive_sharing"] / own["positive"]
    text = f"{share:.1%} of the hard negatives share a neighbour, and {links:.1%} of the links"
    if uniform:
        other = uniform["overlap"]
        text += f" (of the uniform ones {other['negative_sharing'] / other['negative']:.1%})"
    guess = sum(1 / rank for rank in range(1, int(own["against"]) + 2)) / (own["against"] + 1)
    return f"{text}: MRR {told}, where a blind guess has {100 * guess:.2f}"


def _k(block: Row) -> int:
    return int(block["metrics"][0].partition("@")[2])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
