"""Exported programs: a trained model as a file that PyTorch runs without gnnlab."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import copy, deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.core.writing import write_atomically
from gnnlab.ops.operators.formulas import FORMULAS
from gnnlab.tasks.link.model import LinkModel
from gnnlab.tasks.saved.predictor import Predictor
from gnnlab.tasks.shared.model import Model

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch_geometric.data import Data

OPTIONAL = ("edge_weight", "edge_attr", "edge_type")
"""What a graph may have beside x and edge_index, and a model may read."""
SUFFIX = ".pt2"
TOLERANCE = 1e-4
"""Of the largest number, by which a program may differ from the model: sums in another order."""


class Served(nn.Module):
    """A model of tensors in the place of a graph."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        encoder = getattr(model, "encoder", model)
        self.whole = declared(encoder).level == "graph" or _reads_out(model)

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_weight: Tensor | None = None,
        edge_attr: Tensor | None = None,
        edge_type: Tensor | None = None,
    ) -> Tensor:
        from torch_geometric.data import Batch, Data

        given = zip(OPTIONAL, (edge_weight, edge_attr, edge_type), strict=True)
        there = {name: tensor for name, tensor in given if tensor is not None}
        data = (Batch if self.whole else Data)(x=x, edge_index=edge_index, **there)
        if self.whole:  # a batch of one graph, said without looking at numbers
            data.batch = x.new_zeros((x.shape[0],), dtype=torch.int64)
            data._num_graphs = 1
        found: Tensor = self.model(data)
        return found


def _reads_out(model: nn.Module) -> bool:
    """Whether a task has put a readout of whole graphs on an encoder."""
    return isinstance(model, Model) and model.readout is not None


def export(model: Any, example: Data, path: str | Path | None = None) -> ExportedProgram:
    """Export a trained model as a program of PyTorch's own operators, for graphs of any size.

    ``torch.export.load(path).module()(x, edge_index)`` runs it in a process that has PyTorch and
    nothing else. What else the model reads of the example it takes by name: ``edge_weight``,
    ``edge_attr`` or ``edge_type``. It gives what the model
    gives, a row a node, or one of the graph: logits (probabilities are their softmax, or the
    sigmoid of a single one), or numbers in the targets' units.

    Args:
        model: a :class:`Result`, a model that was loaded, or an encoder.
        example: a graph as the model reads it, of more than one node and edge; its sizes do not
            matter afterwards.
        path: a file to write, which ends in ``.pt2``; None writes none.

    Shapes:
        x (N, F), edge_index (2, E) -> (N, C), or (1, C) of a whole graph

    Raises:
        ValueError: a model of links; an encoder that belongs to one graph's nodes, or looks up what
            its ``transform`` stores in a graph; a model that cannot be traced, or whose program
            says something else than it does.

    Cost:
        a trace, and a pass of the program on the example. The program sums by scattering, in double
        precision: several times slower than gnnlab's kernels.

    Example:
        >>> from gnnlab import datasets, layers
        >>> program = export(layers.GCN(34, 8, 2, out_channels=2), datasets.load("karate"))
        >>> edges = torch.tensor([[0, 1], [1, 4]])
        >>> program.module()(torch.eye(34)[:5], edges).shape
        torch.Size([5, 2])
    """
    file = None if path is None else _checked(path)
    own = deepcopy(_module(model)).cpu().eval().requires_grad_(False)
    _refuse_bound(own, example)
    tensors, served = _read(own, example), Served(own)
    program = _traced(served, tensors)
    _compare(program, served, tensors)
    if file is not None:
        write_atomically(file, lambda place: torch.export.save(program, place))
    return program


def _checked(path: str | Path) -> Path:
    if Path(path).suffix != SUFFIX:
        raise ValueError(f"path is {shown(str(path))}, but an exported program ends in {SUFFIX}")
    return Path(path)


def _module(model: Any) -> nn.Module:
    """The module behind a result or a loaded model."""
    predictor = getattr(model, "predictor", None) if not isinstance(model, nn.Module) else None
    found = model if predictor is None else predictor
    found = found.model if isinstance(found, Predictor) else found
    if not isinstance(found, nn.Module):
        raise ValueError(
            f"model is {described(model)}, but a result of fit, a loaded model or an encoder is "
            "exported: give one"
        )
    if isinstance(found, LinkModel):
        raise ValueError(
            "a model of links scores pairs, and no program takes them yet: export its encoder, "
            "result.model.encoder, and score pairs of rows, or serve gnnlab.load(...)"
        )
    return found


def _refuse_bound(model: nn.Module, example: Data) -> None:
    """Refuse what no graph but one can be given to, or not without gnnlab."""
    encoder = getattr(model, "encoder", model)
    own, name = declared(encoder), type(encoder).__name__
    if own.transductive:
        raise ValueError(f"{name} {own.transductive}: there is no other graph to export it for")
    stored = sorted(set(own.transform(copy(example)).keys()) - set(example.keys()))
    if stored:
        raise ValueError(
            f"{name} looks up what its transform stores in a graph ({', '.join(stored)}), which "
            "only gnnlab computes: serve it with gnnlab.load"
        )


def _read(model: nn.Module, example: Data) -> dict[str, Tensor]:
    """The tensors of the example that the model reads, by name: those that change what it says."""
    x = example.x.to_dense() if example.x.layout != torch.strided else example.x
    given = {"x": x, "edge_index": example.edge_index}
    given |= {name: example[name] for name in OPTIONAL if isinstance(example.get(name), Tensor)}
    given = {name: tensor.detach().cpu() for name, tensor in given.items()}
    whole = _said(model, given)
    unread = [name for name in OPTIONAL if name in given and _unread(model, given, name, whole)]
    return {name: tensor for name, tensor in given.items() if name not in unread}


def _unread(model: nn.Module, given: dict[str, Tensor], name: str, whole: Tensor) -> bool:
    """Whether the model says the same without a tensor."""
    rest = {key: tensor for key, tensor in given.items() if key != name}
    try:
        return torch.equal(_said(model, rest), whole)
    except (ValueError, AttributeError, TypeError):
        return False


def _said(model: nn.Module, tensors: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        found: Tensor = Served(model)(**tensors)
    return found


def _traced(served: Served, tensors: dict[str, Tensor]) -> ExportedProgram:
    from torch.export import Dim

    sizes = {name: {1 if name == "edge_index" else 0: Dim.DYNAMIC} for name in tensors}
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch about itself
            x, edge_index = tensors["x"], tensors["edge_index"]
            rest = {name: tensors[name] for name in OPTIONAL if name in tensors}
            program = torch.export.export(
                served, (x, edge_index), rest, dynamic_shapes=sizes, strict=False
            )
            portable: ExportedProgram = program.run_decompositions(_formulas(program))
            return portable
    except Exception as error:
        encoder = type(getattr(served.model, "encoder", served.model)).__name__
        told = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"{encoder} cannot be exported for graphs of any size ({told}): serve it with "
            "gnnlab.load"
        ) from error


def _formulas(program: ExportedProgram) -> dict[Any, Callable[..., Any]]:
    """The formulas of the operators in a program.

    Raises:
        ValueError: one that has none.
    """
    ours = {
        node.target
        for node in program.graph.nodes
        if node.op == "call_function" and str(node.target).startswith("gnnlab.")
    }
    missing = sorted(str(one) for one in ours - FORMULAS.keys())
    if missing:
        raise ValueError(f"{', '.join(missing)} has no formula of PyTorch's operators alone")
    return {one: FORMULAS[one] for one in ours}


def _compare(program: ExportedProgram, served: Served, tensors: dict[str, Tensor]) -> None:
    """Hold the program against the model, on the example and on a part of it."""
    nodes = max(tensors["x"].shape[0] // 2, 2)
    inside = (tensors["edge_index"] < nodes).all(0)
    part = {name: tensors[name][inside] for name in OPTIONAL if name in tensors}
    part |= {"x": tensors["x"][:nodes], "edge_index": tensors["edge_index"][:, inside]}
    for given in (tensors, part) if int(inside.sum()) > 1 else (tensors,):
        with torch.no_grad():
            wanted, found = served(**given), _called(program, given)
        far = float((wanted - found).abs().max()) if wanted.numel() else 0.0
        if not far <= TOLERANCE * max(1.0, float(wanted.abs().max())):
            raise ValueError(
                f"the exported program differs from the model by {far:.3g}: it is not written, "
                "serve the model with gnnlab.load"
            )


def _called(program: ExportedProgram, tensors: dict[str, Tensor]) -> Tensor:
    rest = {name: tensors[name] for name in OPTIONAL if name in tensors}
    found: Tensor = program.module()(tensors["x"], tensors["edge_index"], **rest)
    return found
