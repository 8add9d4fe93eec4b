"""CF-GNN: probabilities corrected over the graph, so that conformal sets become small."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gnnlab.core.arguments import check_count, check_not_negative, check_positive
from gnnlab.ops import Adjacency, gcn_propagate
from gnnlab.tasks.training.seed import isolated, seed_all
from gnnlab.tasks.uncertainty.method import Conformal, Predicted
from gnnlab.tasks.uncertainty.quantiles import conformal_quantile
from gnnlab.tasks.uncertainty.scores import adaptive_scores


class Correction(nn.Module):
    """A GCN of two layers on log-probabilities, added to them; it begins as nothing."""

    def __init__(self, classes: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(classes, hidden), nn.Linear(hidden, classes)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, logs: Tensor, adj: Adjacency) -> Tensor:
        hidden = gcn_propagate(self.first(logs), adj).relu()
        out: Tensor = logs + gcn_propagate(self.second(hidden), adj)
        return out


@dataclass(frozen=True)
class CFGNN(Conformal):
    r"""APS on probabilities that a second network has corrected for small sets.

    The network learns on half of the calibration nodes, and the other half calibrates, so that
    coverage stays. Each step parts its half in two: one gives a quantile q of :math:`1 - p_y`, the
    other the size of its sets,

    .. math:: \frac{1}{n} \sum_v \sum_c \sigma\left(\frac{q - (1 - p_c(v))}{T}\right)

    which is minimised together with the cross entropy.

    Args:
        hidden: width.
        epochs: steps of Adam.
        lr: of Adam.
        weight_decay: of Adam.
        temperature: T, how sharply a set ends.
        size: what the size counts beside the cross entropy.

    Source:
        Huang, Jin, Candès and Leskovec, "Uncertainty Quantification over Graph with Conformalized
        Graph Neural Networks", NeurIPS 2023 (https://arxiv.org/abs/2305.14535), whose APS takes no
        random part off.

    Cost:
        a forward and a backward pass of a GCN an epoch.
    """

    hidden: int = 64
    epochs: int = 200
    lr: float = 0.01
    weight_decay: float = 5e-4
    temperature: float = 0.1
    size: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("hidden", self.hidden)
        check_count("epochs", self.epochs)
        check_positive("lr", self.lr)
        check_positive("temperature", self.temperature)
        check_not_negative("size", self.size)
        check_not_negative("weight_decay", self.weight_decay)

    def scores(self, said: Predicted) -> Tensor:
        return adaptive_scores(said.chances, said.drawn)

    def sets(self, said: Predicted, alpha: float) -> Tensor:
        half = len(said.calibration) // 2
        if half < 2:
            raise ValueError(
                f"there are {len(said.calibration)} calibration nodes, but CFGNN learns on half of "
                "them and parts these again: give it four or more"
            )
        learnt = replace(said, calibration=said.calibration[:half])
        rest = replace(said, calibration=said.calibration[half:])
        corrected = rest.with_chances(self.corrected(learnt, alpha))
        scores = self.scores(corrected)
        return scores <= conformal_quantile(corrected.own(scores), alpha)

    def corrected(self, said: Predicted, alpha: float) -> Tensor:
        """Learn on the calibration nodes and return all nodes' new probabilities, (N, C)."""
        logs = said.chances.clamp(min=1e-8).log().float()
        edges = said.edge_index
        loops = torch.arange(len(logs)).expand(2, -1)
        adj = Adjacency.of(torch.cat([edges[:, edges[0] != edges[1]], loops], 1), len(logs))
        with isolated(torch.device("cpu")), torch.inference_mode(False), torch.enable_grad():
            seed_all(said.seed, torch.device("cpu"))
            network = Correction(logs.shape[1], self.hidden)
            adam = torch.optim.Adam(network.parameters(), self.lr, weight_decay=self.weight_decay)
            for _ in range(self.epochs):
                adam.zero_grad()
                torch.autograd.backward(self._loss(network(logs, adj), said, alpha))
                adam.step()
            with torch.no_grad():
                return network(logs, adj).double().softmax(1)  # type: ignore[no-any-return]

    def _loss(self, logits: Tensor, said: Predicted, alpha: float) -> Tensor:
        nodes = said.calibration[torch.randperm(len(said.calibration))]
        first, second = nodes[: len(nodes) // 2], nodes[len(nodes) // 2 :]
        scores = 1 - logits.softmax(1)
        own = scores[first, said.labels[first]]
        level = min(1.0, math.ceil((len(first) + 1) * (1 - alpha)) / len(first))
        inside = (torch.quantile(own, level) - scores[second]) / self.temperature
        size = inside.sigmoid().sum(1).mean()
        return cross_entropy(logits[nodes], said.labels[nodes]) + self.size * size
