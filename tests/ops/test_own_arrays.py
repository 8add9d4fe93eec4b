"""Whatever a user changes afterwards, no loop follows a number that was not checked.

Where loops read arrays that were handed out, these cases end the interpreter, so they run in a
child; what is computed is compared with a graph built anew.
"""

from __future__ import annotations

import pytest

from tests.fuzz import children
from tests.fuzz.handed_out import CASES


@pytest.fixture(scope="module")
def outcomes() -> dict[str, children.Outcome]:
    found = children.run("handed_out:attack", range(len(CASES)), seconds=300)
    return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_no_change_of_what_was_handed_out_reaches_a_loop(
    name: str, outcomes: dict[str, children.Outcome]
) -> None:
    assert outcomes[name].kind == "answered", outcomes[name].text
