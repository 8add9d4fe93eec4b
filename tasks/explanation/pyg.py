"""PyG's interface of explanations: its ``Explainer`` on models of ours."""

from __future__ import annotations

from typing import Any

from torch import nn

from gnnlab.core.arguments import check_count
from gnnlab.tasks.explanation.case import is_link
from gnnlab.tasks.explanation.reading import read_model


def for_pyg(model: Any, hops: int = 5) -> nn.Module:
    """Return a model that ``torch_geometric.explain.Explainer`` takes.

    It is called with ``x`` and ``edge_index``, and other keys of a graph by name, and returns
    logits. Masks of edges multiply edge weights, where PyG's own layers multiply messages: an
    encoder that normalises weights normalises the masked ones. ``Explanation.from_pyg`` reads what
    comes out.

    Args:
        model: a result of ``fit``, its model, or an encoder that returns logits.
        hops: how many the model reads, which some of PyG's algorithms cut the graph by; more than
            it reads are no harm.

    Raises:
        ValueError: a model of links, or one of PyG's own layers.

    Example:
        >>> import torch
        >>> from torch_geometric.explain import Explainer, GNNExplainer
        >>> from gnnlab.datasets import karate
        >>> from gnnlab.layers import GCN
        >>> data, model = karate(), GCN(34, 8, 2, out_channels=2)
        >>> explainer = Explainer(
        ...     for_pyg(model), GNNExplainer(epochs=3), explanation_type="model",
        ...     edge_mask_type="object",
        ...     model_config=dict(mode="multiclass_classification", task_level="node",
        ...                       return_type="raw"))
        >>> explainer(data.x, data.edge_index, index=5).edge_mask.shape
        torch.Size([156])
    """
    from torch_geometric.nn import MessagePassing

    from gnnlab.tasks.explanation.pyg_layers import MaskedModel

    check_count("hops", hops)
    module = read_model(model)
    if is_link(module):
        raise ValueError(
            "the model predicts links, but PyG calls a model with a graph alone: explain it with "
            "gnnlab.explain.GNNExplainer()(model, data, pair=(u, v))"
        )
    own = [type(part).__name__ for part in module.modules() if isinstance(part, MessagePassing)]
    if own:
        raise ValueError(
            f"the model holds {own[0]}, a layer of PyG, which its Explainer masks as it is: "
            "give it the model itself"
        )
    masked: nn.Module = MaskedModel(module, hops).train(module.training)
    return masked
