"""The MLP on products of states is the formula, with and without norms."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from gnnlab.ops import Adjacency
from gnnlab.tasks import HadamardMLP

ADJ = Adjacency(torch.tensor([[0, 1, 2], [1, 2, 0]]), 5)
PAIRS = torch.tensor([[0, 1, 4, 3], [2, 1, 0, 4]])


def formula(head: HadamardMLP, h: Tensor, norm: bool) -> Tensor:
    """Linear, LayerNorm where asked for, ReLU; and a last Linear."""
    x = h[PAIRS[0]] * h[PAIRS[1]]
    own = dict(head.named_parameters())
    for number in range(sum(name.endswith("weight") and "linears" in name for name in own)):
        x = F.linear(x, own[f"mlp.linears.{number}.weight"], own[f"mlp.linears.{number}.bias"])
        if norm:
            scale, shift = (own[f"mlp.norms.{number}.{key}"] for key in ("weight", "bias"))
            x = (x - x.mean(1, keepdim=True)) / (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
            x = x * scale + shift
        x = x.relu()
    return F.linear(x, own["mlp.last.weight"], own["mlp.last.bias"])[:, 0]


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_is_the_formula(norm: bool, layers: int) -> None:
    torch.manual_seed(0)
    head = HadamardMLP(4, 6, num_layers=layers, norm=norm).double()
    for parameter in head.parameters():  # norms that start at 1 and 0 could be left out unseen
        torch.nn.init.normal_(parameter)
    h = torch.randn(5, 4, dtype=torch.float64)
    found = head(h, ADJ, PAIRS)
    torch.testing.assert_close(found, formula(head, h, norm))
    assert torch.equal(found, head(h, ADJ, PAIRS.flip(0)))
    assert any("norms" in name for name, _ in head.named_parameters()) == (norm and layers > 1)


def test_norms_make_the_size_of_products_no_matter() -> None:
    torch.manual_seed(0)
    h = torch.randn(5, 4)
    plain, normed = (HadamardMLP(4, num_layers=2, norm=norm) for norm in (False, True))
    for head in (plain, normed):
        torch.nn.init.zeros_(head.mlp.linears[0].bias)
    near = [torch.allclose(head(h, ADJ, PAIRS), head(30 * h, ADJ, PAIRS), atol=1e-2) for head in
            (plain, normed)]  # fmt: skip
    assert near == [False, True]
