"""The covering that parametrises large products leaves no pair of values out."""

from __future__ import annotations

from itertools import product

import pytest
from covering import covering, pairs_of


@pytest.mark.parametrize("sizes", [(3,), (2, 5), (6, 3, 3), (4, 3, 2, 5)])
def test_every_pair_meets_in_few_cases(sizes: tuple[int, ...]) -> None:
    chosen = covering(sizes)
    everything = set().union(*map(pairs_of, product(*map(range, sizes))))
    assert set().union(*map(pairs_of, chosen)) == everything
    largest = sorted(sizes)[-2:]
    assert len(chosen) <= 2 * largest[0] * largest[-1]
