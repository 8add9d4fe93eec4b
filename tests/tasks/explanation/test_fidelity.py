"""Fidelity against the classical measures by hand, its limits, and areas under the ROC curve."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch_geometric.data import Data

from gnnlab import tasks
from gnnlab.explain import Explanation, RandomMask, edge_auc, fidelity
from gnnlab.layers import GAT, PathNN
from gnnlab.tasks.explanation.fidelity import Draws
from gnnlab.tasks.explanation.reading import read_case
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs
from tests.tasks.explanation.explained_graphs import gcn, random_graph


def hard(data: Data, node: int = 2, count: int = 10) -> Explanation:
    return RandomMask(seed=1)(gcn(), data, node=node).hard(count)


@pytest.mark.parametrize("of", ["probability", "accuracy"])
@pytest.mark.parametrize("encoder", ["gcn", "gat", "paths"])
def test_alpha_1_and_0_are_the_classical_measures(of: Any, encoder: str) -> None:
    data = random_graph()
    torch.manual_seed(0)
    model = {
        "gcn": gcn(),
        "gat": GAT(3, 8, 2, heads=2, out_channels=3),
        "paths": PathNN(3, 8, 2, length=2, out_channels=3),
    }[encoder].eval()
    explained = RandomMask(seed=1)(model, data, node=2).hard(10)

    def score(keep: torch.Tensor) -> float:
        seen: Any = Data(x=data.x, edge_index=data.edge_index[:, keep])
        seen = model.transform(seen) if encoder == "paths" else seen
        with torch.no_grad():
            chances = model(seen)[2].softmax(0)
        kept = chances[explained.target], chances.argmax() == explained.target
        return float(kept[0] if of == "probability" else kept[1])

    inside = explained.edges() > 0
    whole = score(torch.ones_like(inside))
    found = fidelity(model, explained, alpha1=1, alpha2=0, of=of)
    assert found.plus == pytest.approx(whole - score(~inside), abs=1e-7)
    assert found.minus == pytest.approx(whole - score(inside), abs=1e-7)
    assert found.delta == found.plus - found.minus


def test_the_other_limits_are_0_and_between_them_it_is_a_mean_over_draws() -> None:
    data, model = random_graph(), gcn()
    assert fidelity(model, hard(data), alpha1=0, alpha2=1) == (0, 0)
    few = fidelity(model, hard(data), samples=60, seed=0)
    more = fidelity(model, hard(data), samples=60, seed=1)
    whole = fidelity(model, hard(data), alpha1=1, alpha2=0)
    assert few != more and few.plus == pytest.approx(more.plus, abs=0.05)
    assert abs(few.plus) < abs(whole.plus) and abs(few.minus) < abs(whole.minus)


def test_both_directions_of_an_edge_go_together() -> None:
    data = random_graph()
    case = read_case(gcn(), data, 2, None, "prediction", False)
    inside, back = hard(data).edges() > 0, reverse_arcs(data.edge_index)
    drawn = Draws(case, inside, torch.Generator().manual_seed(0))
    gone = [~drawn(0.5, cut=True) for _ in range(20)]
    come = [drawn(0.5, cut=False) & ~inside for _ in range(20)]
    for part, among in ((gone, inside), (come, ~inside)):
        assert all(torch.equal(one, one[back]) and not (one & ~among).any() for one in part)
        share = sum(float(one.sum()) for one in part) / (20 * int(among.sum()))
        assert 0.3 < share < 0.7


def test_areas_are_scikit_learns_and_ties_count_half() -> None:
    data = random_graph()
    mask = torch.randint(5, (data.num_edges,), generator=torch.Generator().manual_seed(0)).float()
    truth = torch.rand(data.num_edges, generator=torch.Generator().manual_seed(1)) < 0.3
    explained = Explanation(mask, None, data, node=2)
    assert edge_auc(explained, truth) == pytest.approx(roc_auc_score(truth, mask))
    with pytest.raises(ValueError, match="boolean tensor of that shape"):
        edge_auc(explained, truth.float())
    with pytest.raises(ValueError, match="both are needed"):
        edge_auc(explained, torch.zeros_like(truth))


def test_an_area_within_hops_looks_at_these_edges_alone() -> None:
    index = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])
    explained = Explanation(
        torch.tensor([0.5, 0.1, 0.9, 0.9]), None, Data(torch.ones(5, 1), index), 0
    )
    truth = torch.tensor([True, False, False, False])
    assert edge_auc(explained, truth, hops=2) == 1
    assert edge_auc(explained, truth) == pytest.approx(1 / 3)


def test_numbers_and_wrong_shares_are_refused() -> None:
    data = random_graph()
    with pytest.raises(ValueError, match="alpha1 is 2"):
        fidelity(gcn(), hard(data), alpha1=2)
    data.y = torch.randn(14)
    explained = Explanation(torch.ones(data.num_edges), None, data, node=2)
    with pytest.raises(ValueError, match="fidelity is the fall of a class's probability"):
        fidelity(gcn(), explained)
    empty = tasks.Result(0.0, 0.0, 1, 0.0, 1, 0, "accuracy", tasks.Curve(), None)
    with pytest.raises(ValueError, match="keep_model=True"):
        fidelity(empty, hard(random_graph()))
