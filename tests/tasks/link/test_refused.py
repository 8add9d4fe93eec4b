"""Link prediction that cannot work, each refused in a sentence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from link_graphs import blocks, both_ways
from link_problems import gcn, graph, problem
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.tasks import LinkPrediction, LinkSplit, fit


class Wide(nn.Module):
    symmetric = True

    def forward(self, h: Tensor, adj: object, pairs: Tensor) -> Tensor:
        return h[pairs[0]]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: LinkPrediction("accuracy"), "no metric 'accuracy' for links"),
        (lambda: LinkPrediction(head="dott"), "unknown head 'dott'; did you mean"),
        (lambda: LinkPrediction(head={"hidden": 3}), "a table needs a name"),
        (lambda: LinkPrediction(head={"name": "mlp", "drop": 3}), "HadamardMLP has no setting 'dr"),
        (lambda: LinkPrediction(head=3), "head is 3, but it is a name"),
        (lambda: LinkPrediction(batch_size=0), "batch_size is 0"),
        (lambda: LinkPrediction(drop_last=1), "drop_last is 1, but it must be True or False"),
        (lambda: LinkPrediction(negatives="batch"), "negatives is 'batch', which is none of"),
        (lambda: LinkPrediction(supervision=1.0), "supervision is 1.0, but a share"),
        (lambda: LinkPrediction().setup(blocks(), 0), "link_split is missing"),
        (lambda: LinkPrediction().setup(graph(), 1), "split is 1, but the data holds one"),
        (lambda: problem(metric="hits@100"), "so that every link would be a hit"),
        (lambda: problem().model(Wide()), "hidden_channels is missing"),
        (lambda: problem(head=lambda width: 3).model(gcn()), "head made 3, but a torch.nn.Module"),
        (lambda: problem().model(layers.GCN(5, 4, 1)), "in_channels is 5, but data.x has 3"),
        (
            lambda: fit(LinkPrediction(head=lambda width: Wide()), gcn(), graph()),
            "Wide returned .* one logit a pair",
        ),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_in_one_sentence(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_training_draws_the_free_pairs_of_a_dense_graph_as_often_as_it_takes() -> None:
    pairs = torch.triu_indices(6, 6, 1)
    pairs = pairs[:, torch.randperm(15, generator=torch.Generator().manual_seed(0))]
    train, valid, test, free = pairs.split([10, 1, 1, 3], dim=1)
    split = LinkSplit(
        6, both_ways(train), train, free[:, :1], valid, free[:, 1:2], test, free[:, 2:]
    )
    data = Data(x=torch.ones(6, 3), edge_index=both_ways(train), link_split=split)
    drawn = torch.cat([batch.negative for batch in problem(data, batch_size=2).batches()], dim=1)
    assert drawn.shape == (2, 10)
    assert {tuple(pair): 2 for pair in torch.cat([valid, test, free], 1).T.tolist()} == Counter(
        map(tuple, drawn.T.tolist())
    )
    assert problem(data, negatives="split").metric == "roc_auc"
