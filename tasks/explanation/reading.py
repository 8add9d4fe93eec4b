"""Reading of what is to be explained: a model, a graph, a node, a link and a class."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from gnnlab.contracts.described import described, refuse_other_graphs
from gnnlab.contracts.foreign import declared
from gnnlab.core.arguments import shown
from gnnlab.tasks.explanation.case import Case, is_link
from gnnlab.tasks.explanation.computation_graph import cut_out
from gnnlab.tasks.selfsupervised.pretrained import Pretrained
from gnnlab.tasks.training.foreign import adapted

if TYPE_CHECKING:
    from torch_geometric.data import Data

Target = Literal["prediction", "label"] | int


def read_case(
    model: Any,
    data: Data,
    node: int | None,
    pair: tuple[int, int] | None,
    target: Target,
    cut: bool,
) -> Case:
    """Return the case of a prediction.

    Raises:
        ValueError: no model, no graph, a node or a class that there is not.
    """
    module = read_model(model)
    refuse_other_graphs(data)
    moved = _moved(data, module)
    node, pair = _checked_place(module, data, node, pair)
    seen = transformed(moved, module)
    nodes, edges = torch.arange(int(seen.num_nodes)), torch.arange(seen.num_edges)
    case = Case(module, seen, data, nodes, edges, node, pair, predicts_numbers(module, data))
    if cut and (node is not None or pair is not None):
        case = cut_out(case)
    return replace(case, target=_checked_target(target, case))


def read_model(model: Any) -> nn.Module:
    """Return the module of a result, of a loaded model, or itself.

    Raises:
        ValueError: there is none in it, or one that predicts nothing.
    """
    module = model if isinstance(model, nn.Module) else getattr(model, "model", model)
    if module is None:
        raise ValueError("the result holds no model: fit with keep_model=True")
    if not isinstance(module, nn.Module):
        raise ValueError(
            f"model is {described(model)}, but a prediction is explained of a model: give a result "
            "of fit, its model, or an encoder that returns logits"
        )
    if isinstance(module, Pretrained):
        raise ValueError(
            "the model was trained without labels and predicts nothing: fit its encoder on a task"
        )
    return adapted(module)


def transformed(data: Data, module: nn.Module) -> Data:
    """The graph with what the model's encoder looks up in it, as ``fit`` prepares it."""
    own = declared(getattr(module, "encoder", module))
    return own.transform(copy(data)) if own.transforms() else data


def is_of_graphs(module: nn.Module) -> bool:
    """Whether a model predicts whole graphs."""
    encoder = getattr(module, "encoder", module)
    return getattr(module, "readout", None) is not None or declared(encoder).level == "graph"


def predicts_numbers(module: nn.Module, data: Any) -> bool:
    """Whether a model predicts numbers: it puts them into units, or the labels are no classes."""
    if getattr(module, "units", None) is not None:
        return True
    y = data.to_dict().get("y")
    real = isinstance(y, Tensor) and y.is_floating_point()
    return real and not bool(((y == 0) | (y == 1) | y.isnan()).all())


def _moved(data: Data, module: nn.Module) -> Data:
    place = next((p.device for p in module.parameters()), torch.device("cpu"))
    moved: Data = copy(data).to(place)
    return moved


def _checked_place(
    module: nn.Module, data: Data, node: Any, pair: Any
) -> tuple[int | None, tuple[int, int] | None]:
    """The node or the link as whole numbers, where the model predicts such."""
    count, link, graph = int(data.num_nodes or 0), is_link(module), is_of_graphs(module)
    wanted = "pair" if link else "no node and no pair" if graph else "node"
    given = {"node": node, "pair": pair}
    names = [name for name, value in given.items() if value is not None]
    if names != ([] if graph else [wanted]):
        what = "links" if link else "whole graphs" if graph else "nodes"
        raise ValueError(
            f"the model predicts {what}, but {' and '.join(names) or 'neither node nor pair'} was "
            f"given: give {wanted}"
        )
    if graph:
        return None, None
    ends = [node] if pair is None else list(pair)
    found = [_checked_node(end, count) for end in ends]
    if not link:
        return found[0], None
    if len(found) != 2:
        raise ValueError(f"pair is {shown(pair)}, but a link has two ends: give (u, v)")
    return None, (found[0], found[1])


def _checked_node(node: Any, count: int) -> int:
    try:
        number = int(node)
    except (TypeError, ValueError):
        number = -1
    if isinstance(node, bool) or not 0 <= number < count or number != node:
        raise ValueError(
            f"node is {shown(node)}, but the graph's nodes are numbered 0 to {count - 1}: give one "
            "of these"
        )
    return number


def _checked_target(target: Any, case: Case) -> int:
    """The number of the class: what is predicted, what the label says, or what is asked for."""
    with torch.no_grad():
        out = case.output()
    if isinstance(target, str) and target == "prediction":
        return 0 if case.numbers else int(out.argmax())
    found = _label(case) if isinstance(target, str) and target == "label" else target
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found < len(out):
        raise ValueError(
            f"target is {shown(target)}, but it is 'prediction', 'label' where there is one, or a "
            f"class from 0 to {len(out) - 1}"
        )
    return found


def _label(case: Case) -> int | None:
    y = case.whole.to_dict().get("y")
    if not isinstance(y, Tensor) or y.is_floating_point() or case.pair is not None:
        return None
    labels = y.reshape(-1)
    return int(labels[0 if case.node is None else case.node]) if labels.numel() else None
