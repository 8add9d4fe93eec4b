"""Pair discrimination (BREC): a test of whether an encoder tells two graphs apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import check_count, check_not_negative, check_positive, check_share
from gnnlab.core.settings import check_settings
from gnnlab.tasks.graph.prediction import pooled_model
from gnnlab.tasks.graph.readout import Pooling
from gnnlab.tasks.shared.checks import check_features
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.targets.numbers import outputs_for
from gnnlab.tasks.training.seed import build, isolated, seed_all
from gnnlab.tasks.training.threads import multiplications, step_of, threads_for

if TYPE_CHECKING:
    from torch_geometric.data import Batch, Data

CPU = torch.device("cpu")
OF_EDGES = ("edge_attr", "edge_type", "edge_weight")
ROUNDING = 1e-9
"""What two outputs may differ by, beside their size, from rounding in double precision alone."""


@dataclass(frozen=True)
class PairedComparison:
    """Train an encoder to pull two graphs apart, and test whether it did: BREC's protocol.

    Copies of both graphs with their nodes in random orders go through the encoder in pairs; it is
    trained until the cosine similarity within pairs is low. Then Hotelling's test asks whether the
    mean difference within pairs is larger than the orders of nodes explain. The same test between
    the first graph and copies of itself must not find a difference, or the result counts for
    nothing: an encoder that sees orders would pass for expressive power. Both tests run in double
    precision, and differences of 1e-9 of the outputs count as rounding: in single precision, graphs
    that no encoder of a kind can tell apart are, by the orders in which their sums are taken.

    Args:
        copies: q, of each graph; the first is the graph itself.
        channels: d, of the output; less than q.
        epochs, lr, weight_decay, batch_pairs: of the training; a plateau of 10 epochs divides the
            rate by 10.
        enough: training ends where the mean loss, 0 for orthogonal outputs, falls below it.
        alpha: the chance to call two equal graphs different.
        readout: how node states are pooled.

    Raises:
        ValueError: an unknown readout, a share or count out of range.

    Source:
        Wang and Zhang, "An Empirical Study of Realized GNN Expressiveness", ICML 2024
        (https://arxiv.org/abs/2304.07702), section 5. The statistic carries the factor q, as the
        paper defines it and as the threshold (72.34 for q = 32, d = 16) needs; the release lacks
        it.
    """

    copies: int = 32
    channels: int = 16
    epochs: int = 20
    lr: float = 1e-4
    weight_decay: float = 1e-4
    batch_pairs: int = 8
    enough: float = 0.2
    alpha: float = 0.05
    readout: Pooling = "sum"

    def __post_init__(self) -> None:
        check_settings(self)
        check_count("channels", self.channels)
        check_count("copies", self.copies, self.channels + 1)
        check_count("epochs", self.epochs, 0)
        check_count("batch_pairs", self.batch_pairs)
        check_positive("lr", self.lr)
        check_not_negative("weight_decay", self.weight_decay)
        check_share("alpha", self.alpha)

    @property
    def threshold(self) -> float:
        r"""What the statistic exceeds with chance alpha where nothing differs.

        .. math:: \frac{(q - 1) d}{q - d} F_{d, q - d}(1 - \alpha)
        """
        from scipy.stats import f

        q, d = self.copies, self.channels
        return float((q - 1) * d / (q - d) * f.ppf(1 - self.alpha, d, q - d))

    def compare(
        self, encoder: Callable[[], nn.Module], first: Data, second: Data, seed: int = 0
    ) -> Comparison:
        """Train on one pair and test it.

        Args:
            encoder: builds an untrained encoder; its ``transform`` prepares the graphs.
            first, second: x (N, F) and edge_index (2, E).
            seed: of the copies and the training.
        """
        with isolated(CPU):
            seed_all(seed, CPU)
            model = self._model(build(encoder)[0], first)
            own = declared(model.encoder)
            transform = own.transform if own.transforms() else None
            one, two, again = (
                renumbered(graph, self.copies, transform) for graph in (first, second, first)
            )
            step = step_of([*one, *two], 2 * self.batch_pairs)
            with threads_for(multiplications(model, step)):
                self._train(model, _pairs(one, two, self.batch_pairs))
                model.eval().double()
                with torch.no_grad():
                    apart = self._statistic(model, _pairs(one, two, self.batch_pairs))
                    control = self._statistic(model, _pairs(one, again, self.batch_pairs))
        return Comparison(apart, control, self.threshold)

    def _model(self, encoder: nn.Module, graph: Data) -> Model:
        if told := declared(encoder).transductive:
            raise ValueError(
                f"{type(encoder).__name__} {told}, so it cannot read two graphs: take another one"
            )
        check_features(encoder, graph.x)
        outputs = outputs_for(encoder, self.channels, "comparison", "channels")
        return pooled_model(encoder, outputs, self.readout)

    def _train(self, model: Model, batches: Sequence[Batch]) -> None:
        optimizer = torch.optim.Adam(model.parameters(), lr=self.lr, weight_decay=self.weight_decay)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
        model.train()
        for _ in range(self.epochs):
            total = 0.0
            for batch in batches:
                optimizer.zero_grad()
                outputs, own = model.with_loss(batch)
                x, y = _halves(outputs)
                loss = torch.cosine_similarity(x, y).clamp(min=0).mean()
                torch.autograd.backward(loss if own is None else loss + own)
                optimizer.step()
                total += float(loss.detach()) * len(x) / self.copies
            if total < self.enough:
                break
            plateau.step(total)

    def _statistic(self, model: Model, batches: Sequence[Batch]) -> float:
        outputs = [model(_double(batch)) for batch in batches]
        differences = torch.cat([x - y for x, y in map(_halves, outputs)])
        size = max(float(output.abs().max()) for output in outputs)
        return hotelling(differences, ROUNDING * size)


@dataclass(frozen=True)
class Comparison:
    """Outcome of one pair.

    Attributes:
        apart: the statistic between the two graphs.
        control: that between the first and copies of itself.
        threshold: what both are held against.
    """

    apart: float
    control: float
    threshold: float

    @property
    def reliable(self) -> bool:
        """Whether copies of one graph were not called different."""
        return self.control <= self.threshold

    @property
    def told_apart(self) -> bool:
        """Whether the two graphs were, and that can be relied on."""
        return self.reliable and self.apart > self.threshold


def compare_pairs(
    encoder: Callable[[], nn.Module],
    graphs: Sequence[Data],
    comparison: PairedComparison | None = None,
    seed: int = 0,
) -> list[Comparison]:
    """Compare graphs 2i and 2i + 1 of a set such as ``load("brec_basic")``, pair by pair.

    A new encoder is trained for each.

    Raises:
        ValueError: an odd number of graphs.

    Example:
        ``sum(found.told_apart for found in compare_pairs(make, load("brec_basic")))`` of 60.
    """
    if len(graphs) % 2:
        raise ValueError(f"{len(graphs)} graphs are no pairs: give an even number")
    protocol = PairedComparison() if comparison is None else comparison
    whole = list(graphs)
    return [
        protocol.compare(encoder, one, two, seed)
        for one, two in zip(whole[::2], whole[1::2], strict=True)
    ]


def hotelling(differences: Tensor, rounding: float = 0.0) -> float:
    r"""Return Hotelling's :math:`T^2 = q \bar D^\top S^{+} \bar D` of q rows.

    Directions in which rows do not vary beyond rounding count as they are: a difference there is
    infinitely many deviations wide.

    Args:
        rounding: a deviation that rows have in any case, whose square is added to the variance in
            all directions. Orders of summation differ between two graphs in the same way for all
            their copies, so that rounding alone is many of its own deviations wide.

    Shapes:
        differences (q, d)
    """
    rows = differences.double()
    mean = rows.mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(rows.T).reshape(len(mean), -1))
    values = values.clamp(min=0) + rounding**2
    along = vectors.T @ mean
    flat = values <= values.max().clamp(min=0) * 1e-12
    if bool((along[flat].abs() > 1e-6 * (1 + rows.abs().max())).any()):
        return float("inf")
    return float(len(rows) * (along[~flat].square() / values[~flat]).sum())


def renumbered(
    graph: Data, count: int, transform: Callable[[Data], Data] | None = None
) -> list[Data]:
    """Give the graph and copies with their nodes in orders drawn from torch's generator."""
    from torch_geometric.data import Data

    nodes, found = len(graph.x), []
    for number in range(count):
        order = torch.randperm(nodes) if number else torch.arange(nodes)
        made = Data(x=graph.x.detach()[order], edge_index=order.argsort()[graph.edge_index])
        for key in OF_EDGES:  # which stay in their order
            if (value := getattr(graph, key, None)) is not None:
                made[key] = value.detach()
        found.append(made if transform is None else transform(copy(made)))
    return found


def _pairs(one: Sequence[Data], two: Sequence[Data], size: int) -> list[Batch]:
    """Batches of so many pairs, the graphs of a pair side by side."""
    from torch_geometric.data import Batch

    return [
        Batch.from_data_list(
            [
                graph
                for pair in zip(one[a : a + size], two[a : a + size], strict=True)
                for graph in pair
            ]
        )
        for a in range(0, len(one), size)
    ]


def _double(batch: Batch) -> Batch:
    found = copy(batch)
    for key in ("x", "edge_attr", "edge_weight"):
        value = getattr(batch, key, None)
        if value is not None and value.is_floating_point():
            found[key] = value.double()
    return found


def _halves(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows[::2], rows[1::2]
