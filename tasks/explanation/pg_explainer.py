"""PGExplainer: one small network that says for any prediction which edges matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_count, check_not_negative, check_positive
from gnnlab.tasks.explanation.case import Case
from gnnlab.tasks.explanation.gnn_explainer import entropy
from gnnlab.tasks.explanation.method import Explainer, Masks, evaluating
from gnnlab.tasks.explanation.reading import read_case, read_model
from gnnlab.tasks.explanation.reverse_arcs import both_ways
from gnnlab.tasks.training.seed import checked_seed

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, repr=False)
class PGExplainer(Explainer):
    r"""A network of two layers that reads the states of an edge's ends, learned on many nodes.

    .. math:: \omega_{uv} = \operatorname{MLP}([z_u \Vert z_v \Vert z_i]), \quad
        m_{uv} = \sigma\left(\frac{\log \epsilon - \log(1 - \epsilon) + \omega_{uv}}{\tau}\right)

    where i is the node whose prediction is explained (of a graph there is none), and z are the
    encoder's rows. It minimises :math:`-\log p_y(A \odot m) + \lambda_s \sum m +
    \lambda_h \overline{H(m)}`, while :math:`\tau` falls geometrically. An explanation is
    :math:`\sigma(\omega)`. ``train`` learns the network on many predictions; a call without it
    learns on the one prediction.

    Args:
        epochs: passes over the predictions that it learns from.
        lr: of Adam.
        hidden: width of the network.
        size: :math:`\lambda_s`.
        entropy: :math:`\lambda_h`.
        hot, cold: :math:`\tau` at the first and the last epoch.
        symmetric: give both directions of an edge the mean of their two masks.
        seed: of the weights and of the noise.

    Source:
        Luo et al., "Parameterized Explainer for Graph Neural Network", NeurIPS 2020
        (https://arxiv.org/abs/2011.04573).

    Cost:
        a forward and a backward pass for each prediction and epoch; then a product a prediction.
    """

    epochs: int = 30
    lr: float = 0.003
    hidden: int = 64
    size: float = 0.05
    entropy: float = 1.0
    hot: float = 5.0
    cold: float = 2.0
    symmetric: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("epochs", self.epochs)
        check_count("hidden", self.hidden)
        for name in ("lr", "hot", "cold"):
            check_positive(name, getattr(self, name))
        for name in ("size", "entropy"):
            check_not_negative(name, getattr(self, name))
        checked_seed(self.seed)

    def masks(self, case: Case) -> Masks:
        return self._learned([case]).masks(case)

    def train(
        self, model: Any, data: Data | Sequence[Data], nodes: Iterable[int] = ()
    ) -> TrainedPGExplainer:
        """Learn the network on many predictions.

        Args:
            model: as in a call.
            data: the graph, or many where whole graphs are predicted.
            nodes: whose predictions are learnt from, where nodes are predicted.

        Raises:
            ValueError: no node, or what a call refuses.
        """
        module = read_model(model)
        with evaluating(module), torch.inference_mode(False), torch.enable_grad():
            graphs = [data] if not isinstance(data, Sequence) else list(data)
            asked: list[int | None] = [*nodes] or [None]
            whose = [(graph, node) for graph in graphs for node in asked]
            cases = [
                read_case(module, graph, node, None, "prediction", True) for graph, node in whose
            ]
            return self._learned(cases)

    def _learned(self, cases: list[Case]) -> TrainedPGExplainer:
        for case in cases[:1]:
            case.check_reads_weights()
        generator = torch.Generator().manual_seed(self.seed)
        inputs = [edge_states(case) for case in cases]
        network = _network(inputs[0].shape[1], self.hidden, generator).to(inputs[0])
        optimizer = torch.optim.Adam(network.parameters(), lr=self.lr)
        weights = list(network.parameters())
        for epoch in range(self.epochs):
            heat = self.hot * (self.cold / self.hot) ** (epoch / self.epochs)
            loss = torch.zeros((), device=inputs[0].device)
            for case, states in zip(cases, inputs, strict=True):
                loss = loss + self._loss(case, network(states).squeeze(1), heat, generator)
            for weight, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                weight.grad = slope
            optimizer.step()
        return TrainedPGExplainer(network, self)

    def _loss(self, case: Case, logits: Tensor, heat: float, generator: torch.Generator) -> Tensor:
        share = torch.rand(len(logits), generator=generator).clamp(1e-6, 1 - 1e-6).to(logits)
        mask = ((share.log() - (1 - share).log() + logits) / heat).sigmoid()
        mask = both_ways(mask, case.edge_index, self.symmetric)
        loss = case.loss(case.x, case.weight * mask) + self.size * mask.sum()
        return loss + self.entropy * entropy(mask).mean() if len(mask) else loss


@dataclass(frozen=True, repr=False)
class TrainedPGExplainer(Explainer):
    """A network that :meth:`PGExplainer.train` has learned; it explains any prediction at once.

    Args:
        network: maps the states of an edge, (m, 3 H) or (m, 2 H), to its logit.
        settings: by which it was learned.
    """

    network: nn.Module
    settings: PGExplainer

    def __post_init__(self) -> None:
        pass

    def masks(self, case: Case) -> Masks:
        case.check_reads_weights()
        with torch.no_grad():
            share = self.network(edge_states(case)).squeeze(1).sigmoid()
        return both_ways(share, case.edge_index, self.settings.symmetric), None

    def __repr__(self) -> str:
        return f"{self.settings!r}.train(...)"


def edge_states(case: Case) -> Tensor:
    """What the network reads of every edge: its ends' states and the explained node's, (m, 3 H)."""
    encoder: Any = getattr(case.model, "encoder", case.model)
    if declared(encoder).level == "graph":
        raise ValueError(
            f"{type(encoder).__name__} returns no state of a node, and PGExplainer reads those of "
            "an edge's ends: take GNNExplainer"
        )
    with torch.no_grad():
        states = encoder(case.data)
    ends = [states[end] for end in case.edge_index]
    whose = case.pair or (() if case.node is None else (case.node,))
    edges = len(case.edges)
    own = [states[case.place(node)].expand(edges, -1) for node in whose]
    return torch.cat([*ends, *own], 1)


def _network(width: int, hidden: int, generator: torch.Generator) -> nn.Sequential:
    network = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 1))
    with torch.no_grad():
        for weight in network.parameters():
            bound = weight.shape[-1] ** -0.5 if weight.dim() > 1 else 0.0
            weight.copy_((2 * torch.rand(weight.shape, generator=generator) - 1) * bound)
    return network
