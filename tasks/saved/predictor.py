"""Predictor: a trained model that is asked about graphs, kept or loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described
from gnnlab.contracts.foreign import declared
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.link.splits.checks import check_pairs
from gnnlab.tasks.saved.origin import Origin
from gnnlab.tasks.saved.partners import Partners, best_partners
from gnnlab.tasks.saved.prediction import Prediction, told_of
from gnnlab.tasks.saved.reading import Reading, ids_of, read
from gnnlab.tasks.saved.states import states_of
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.shared.model import Model
from gnnlab.tasks.training.sparse_reading import density
from gnnlab.tasks.training.threads import multiplications, step_of, threads_for

if TYPE_CHECKING:
    from torch_geometric.data import Data

CHUNK = 1 << 17
"""Pairs that are scored together where the task does not say."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A trained model, asked about graphs.

    Graphs are prepared as those were that it was trained on, its encoder's ``transform`` included,
    and read in batches. The same code answers for a result and for a loaded model.

    Args:
        model: encoder and head, in eval mode.
        origin: what it was trained on.
        card: the model card, Markdown.
        run: settings of the run that it is of, if any.
    """

    model: Model | LinkModel | Pretrained
    origin: Origin
    card: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def task(self) -> Any:
        """The task, as it was trained; None of a loaded model whose task no import finds."""
        return self.origin.task

    @property
    def encoder(self) -> nn.Module:
        """The encoder with its weights, to go on training: ``fit(…, reinitialise=False)``."""
        return self.model.encoder

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        found = next(iter(self.model.state_dict().values()), None)
        return found.device if isinstance(found, Tensor) else torch.device("cpu")

    def to(self, device: str | torch.device) -> Predictor:
        """Return the same on a device; the model is moved."""
        return replace(self, model=self.model.to(device))

    def predict(self, data: Any, pairs: Tensor | Sequence[Tensor] | None = None) -> Prediction:
        """Predict for every node or graph, or for pairs of nodes.

        Args:
            data: a graph, a list of them, or a set; other nodes and graphs than those of training
                as well, unless the encoder has learnt its nodes one by one.
            pairs: of nodes, where links are predicted; a tensor for each graph of many; None takes
                each graph's ``edge_label_index``.

        Shapes:
            pairs (2, P) int64 -> values (n, C), (n, T) or (P,)

        Raises:
            ValueError: graphs that do not fit, see :func:`gnnlab.check`; no pairs, or pairs where
                no links are predicted.
        """
        said = self.origin.said
        if said.kind == "states":
            raise ValueError(
                "pretraining learns states and predicts nothing: take embed(data), or train a task "
                "on the encoder with fit(task, model.encoder, data, reinitialise=False)"
            )
        if isinstance(self.model, LinkModel):
            return self._of_pairs(data, pairs)
        if pairs is not None:
            raise ValueError(
                f"pairs are given, but the model predicts {said.kind} of {self._things}s: leave "
                "them out"
            )
        outputs, rows = self._asked(data, self.model)
        return replace(told_of(outputs, said.kind, said.names, rows), ids=ids_of(data))

    def embed(self, data: Any) -> Tensor:
        """Return the states that the head reads, a row a node or graph, on the CPU.

        Of an encoder that predicts by itself they are what its last linear map reads.

        Shapes:
            data of N nodes, or of G graphs -> (N, H) or (G, H)
        """
        return self._asked(data, lambda batch: states_of(self.model, batch))[0].cpu()

    def recommend(
        self, data: Data, nodes: Tensor | Sequence[int] | None = None, k: int = 10
    ) -> Partners:
        """Return the k most probable new partners of nodes, those that they are joined to aside.

        Args:
            nodes: whose; all if None.

        Shapes:
            nodes (Q,) -> partners, values (Q, k), the best first; -1 and nan where there are fewer

        Raises:
            ValueError: a model that predicts no links, several graphs, nodes that are not there.

        Cost:
            O(Q N) scores.
        """
        if not isinstance(self.model, LinkModel):
            raise ValueError(
                f"the model predicts {self.origin.said.kind}, but partners are recommended by one "
                "of links: train LinkPrediction()"
            )
        reading = self._read(data)
        if reading.many:
            raise ValueError("partners are recommended within one graph: give one at a time")
        with self._asking(reading):
            graph = next(reading.batches(False))
            return best_partners(self.model, graph, nodes, k, self._chunk)

    @property
    def _things(self) -> str:
        return "graph" if self._whole else "node"

    @property
    def _whole(self) -> bool:
        """Whether a row is of a graph."""
        graph_level = declared(self.model.encoder).level == "graph"
        return graph_level or getattr(self.model, "readout", None) is not None

    @property
    def _chunk(self) -> int:
        return int(getattr(self.origin.task, "chunk", CHUNK))

    def _read(self, data: Any) -> Reading:
        return read(data, self.model.encoder, self.origin, self.device)

    @contextmanager
    def _asking(self, reading: Reading) -> Iterator[None]:
        """As an evaluation of the training: no gradient, no dropout, as many threads."""
        step = step_of(reading.prepared, reading.batch_size if reading.many else 1)
        shared = density(reading.prepared[0])
        was = self.model.training
        with torch.no_grad(), threads_for(multiplications(self.model, step, shared)):
            self.model.eval()
            try:
                yield
            finally:
                self.model.train(was)

    def _asked(self, data: Any, ask: Callable[[Any], Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """What is answered about each batch, and the numbers of nodes and graphs."""
        reading, found, rows = self._read(data), [], []
        with self._asking(reading):
            for batch in reading.batches(self._whole):
                found.append(ask(batch))
        sizes = torch.tensor([int(graph.num_nodes or 0) for graph in reading.graphs])
        if self._whole:
            return torch.cat(found), {"graph": torch.arange(len(sizes))}
        rows = [torch.arange(size) for size in sizes.tolist()]
        owner = torch.repeat_interleave(sizes)
        numbers = {"graph": owner} if reading.many else {}
        return torch.cat(found), {**numbers, "node": torch.cat(rows)}

    def _of_pairs(self, data: Any, pairs: Any) -> Prediction:
        reading = self._read(data)
        asked = _pairs_of(reading, pairs)
        found: list[Tensor] = []
        with self._asking(reading):
            model: Any = self.model
            first = 0
            for batch in reading.batches(False):
                count = batch.num_graphs if reading.many else 1
                own = _joined(batch, asked[first : first + count], reading.many)
                h = model.states(batch)
                parts = torch.split(own.to(h.device), self._chunk, dim=1)
                factors = model.factors(h) if reading.many else None
                if factors is None:
                    found += [model.score(h, batch, part) for part in parts]
                else:
                    found += [_products(factors, part) for part in parts]
                first += count
        both = torch.cat(asked, dim=1).cpu()
        owner = torch.repeat_interleave(torch.tensor([one.shape[1] for one in asked]))
        rows = {"graph": owner} if reading.many else {}
        rows |= {"source": both[0], "target": both[1]}
        return replace(told_of(torch.cat(found), "links", (), rows), ids=ids_of(data))


def _products(states: Tensor, pairs: Tensor) -> Tensor:
    """Dot products as the ranks within many graphs have them: summed in double precision, so that
    nodes with equal states tie."""
    wide = states.double()
    return (wide[pairs[0]] * wide[pairs[1]]).sum(1).to(states.dtype)


def _pairs_of(reading: Reading, pairs: Any) -> list[Tensor]:
    """The pairs that are asked about, a tensor a graph."""
    if pairs is None:
        pairs = [getattr(graph, "edge_label_index", None) for graph in reading.graphs]
    elif not reading.many:
        pairs = [pairs]
    if not isinstance(pairs, Sequence) or len(pairs) != len(reading.graphs):
        raise ValueError(
            f"pairs is {described(pairs)}, but {len(reading.graphs)} graphs are given: give a list "
            "of one tensor (2, P) for each"
        )
    for graph, own in zip(reading.graphs, pairs, strict=True):
        if own is None:
            raise ValueError(
                "links are predicted for pairs of nodes, and none are given: "
                "predict(data, pairs=...) takes (2, P) node numbers, recommend(data, nodes, k) "
                "the best partners"
            )
        check_pairs("pairs", own, int(graph.num_nodes or 0), loops=True)
        if own.dim() != 2:
            raise ValueError(
                f"pairs is {described(own)}, but a row of sources and one of targets are asked "
                "about, (2, P): take pairs.reshape(2, -1)"
            )
    return list(pairs)


def _joined(batch: Any, pairs: list[Tensor], many: bool) -> Tensor:
    """The pairs of a batch's graphs, numbered as its nodes."""
    if not many:
        return pairs[0]
    starts = batch.ptr[:-1].cpu()
    return torch.cat([own.cpu() + start for own, start in zip(pairs, starts, strict=True)], dim=1)
