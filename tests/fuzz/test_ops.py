"""Random wrong calls of operations: an answer, or one sentence of ours, and never a dead process.

Autograd's own words pass where a tensor was changed between a forward pass and its gradient. What
torch does not survive itself, such as ``x.untyped_storage().resize_(0)``, is not among the calls.
"""

from __future__ import annotations

import pytest

from tests.fuzz import children


def test_wrong_calls_of_operations_are_answered_or_refused_in_one_sentence() -> None:
    outcomes = children.run("ops_calls:call", range(120), seconds=120)
    assert not children.bad(outcomes)
    assert children.counts(outcomes)["answered"] > 20  # not everything is spoiled beyond reading


@pytest.mark.nightly
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("part", range(10))
def test_many_wrong_calls_of_operations(part: int) -> None:
    outcomes = children.run("ops_calls:call", range(part * 10_000, (part + 1) * 10_000), seconds=60)
    assert not children.bad(outcomes)
