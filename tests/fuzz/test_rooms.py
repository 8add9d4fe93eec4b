"""Wrong calls of the rooms' functions, and fits of spoilt graphs: an answer or one sentence."""

from __future__ import annotations

import pytest

from tests.fuzz import children

FEW, MANY = 90, 10_000


@pytest.mark.parametrize("target", ["call", "fit"])
def test_a_few_wrong_calls_are_answered_or_refused(target: str) -> None:
    outcomes = children.run(f"room_calls:{target}", range(FEW // 3 if target == "fit" else FEW), 60)
    assert not children.bad(outcomes)
    assert children.counts(outcomes)["refused"] > len(outcomes) / 3


@pytest.mark.nightly
@pytest.mark.parametrize("target", ["call", "fit"])
@pytest.mark.parametrize("part", range(5))
def test_many_wrong_calls_are_answered_or_refused(target: str, part: int) -> None:
    first = 1000 + part * MANY // 5
    outcomes = children.run(f"room_calls:{target}", range(first, first + MANY // 5), 60)
    assert not children.bad(outcomes), children.counts(outcomes)
