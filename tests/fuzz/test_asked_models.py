"""Wrong questions to trained models: an answer or one sentence."""

from __future__ import annotations

import pytest

from tests.fuzz import children


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(2))
def test_many_wrong_questions_are_answered_or_refused(part: int) -> None:
    outcomes = children.run("asked_models:ask", range(1000 * part, 1000 * (part + 1)), 60)
    assert not children.bad(outcomes), children.counts(outcomes)
    assert children.counts(outcomes)["refused"] > len(outcomes) / 5
