"""Symbols of atoms are those that the SMILES has."""

from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets


@pytest.mark.parametrize("stereo", [False, True])
def test_symbols_are_those_of_the_smiles(stereo: bool) -> None:
    words = ["CC(=O)[O-]", "[Na+].[Cl-]", "c1ccc(Br)cc1[Si](C)C"]
    found = datasets.molecules(words, [1.0, 2.0, 3.0], split=None, stereo=stereo)
    expected = ["CCOO", ["Na", "Cl"], [*"CCCC", "Br", "C", "C", "Si", "C", "C"]]
    assert [datasets.atom_symbols(one) for one in found] == [list(one) for one in expected]


def test_an_unknown_element_is_a_star() -> None:
    x = torch.tensor([[118.0, 0, 5, 0, 0, 0]])
    assert datasets.atom_symbols(Data(x=x)) == ["*"]


def test_refuses_other_features() -> None:
    with pytest.raises(
        ValueError, match=r"x is \(34, 34\), but codes of atoms have 6 to 9 columns"
    ):
        datasets.atom_symbols(datasets.load("karate"))
