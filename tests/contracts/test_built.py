"""What modules remember of how they were built survives copies, and pickles where it can."""

from __future__ import annotations

import pickle
from copy import deepcopy
from functools import partial
from typing import Any

from torch import nn

from gnnlab import layers
from gnnlab.contracts.built import Remembering, arguments_of, remember
from gnnlab.layers.parts.plain_stack import ConvStack


def test_a_copy_holds_copies_of_the_parts() -> None:
    step = layers.NodeCategories((2, 3), 4)
    encoder = layers.WithInputs(2, [step], partial(layers.GCN, hidden_channels=8))
    copied: Any = deepcopy(encoder)
    given = arguments_of(copied)
    assert given is not None and given.values[0] == 2
    assert given.values[1][0] is copied.inputs[0] and given.values[1][0] is not step
    assert given.values[2].encoder is copied.encoder


def test_a_function_of_a_block_does_not_keep_a_module_from_being_pickled() -> None:
    stack = ConvStack(3, 4, 2, lambda a, b: layers.GCNConv(a, b))
    assert arguments_of(stack) is not None and arguments_of(deepcopy(stack)) is not None
    assert arguments_of(pickle.loads(pickle.dumps(stack))) is None
    for block in ("plain", "platonov", "residual"):
        again = pickle.loads(pickle.dumps(layers.GCN(3, 4, 2, block=block)))  # type: ignore[arg-type]
        given = arguments_of(again)
        assert given is not None and given.settings == {"block": block}


def test_any_module_may_be_told_what_it_was_built_from() -> None:
    linear = nn.Linear(2, 3)
    assert arguments_of(linear) is None
    remember(linear, 2, out_features=3)
    given = arguments_of(linear)
    assert given is not None and (given.values, given.settings) == ((2,), {"out_features": 3})


def test_a_subclass_remembers_its_own_arguments() -> None:
    class Inner(Remembering):
        def __init__(self, width: int) -> None:
            super().__init__()

    class Outer(Inner):
        def __init__(self, *, depth: int) -> None:
            super().__init__(2 * depth)

    given = arguments_of(Outer(depth=3))
    assert given is not None and (given.values, given.settings) == ((), {"depth": 3})
