"""Pairwise covering of a product of settings: each pair of values of two settings stands in a test.

A fault that needs one value, or two together, is found by a covering of a few dozen cases as it is
by the whole product. The rest of the product is kept for ``make nightly``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import pytest


def pairs_of(case: Sequence[int]) -> set[tuple[int, int, int, int]]:
    """The pairs of settings, with their values' places, that stand in a case."""
    return {(i, j, case[i], case[j]) for i, j in combinations(range(len(case)), 2)}


def covering(sizes: Sequence[int]) -> set[tuple[int, ...]]:
    """A few cases of the product in which every pair of values meets; greedy, always the same."""
    cases = list(product(*map(range, sizes)))
    missing = set().union(*map(pairs_of, cases))
    chosen = set()
    while missing:
        best = max(cases, key=lambda case: len(pairs_of(case) & missing))
        chosen.add(best)
        missing -= pairs_of(best)
    return chosen or set(cases)


def pairwise(**settings: Sequence[Any]) -> pytest.MarkDecorator:
    """Parametrise by a product of settings, of which a covering is in ``make test``.

    The others are marked ``nightly``.
    """
    kept = covering([len(values) for values in settings.values()])
    params = []
    for places in product(*(range(len(values)) for values in settings.values())):
        case = [values[place] for values, place in zip(settings.values(), places, strict=True)]
        name = "-".join(str(value).replace(" ", "") for value in case)
        marks = () if places in kept else pytest.mark.nightly
        params.append(pytest.param(*case, id=name, marks=marks))
    return pytest.mark.parametrize(tuple(settings), params)
