"""DRew (dynamic rewiring with delay): layer t reads nodes up to t hops away, far ones late."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor, nn

from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.graph_arguments import edge_width
from gnnlab.contracts.parameters import measured
from gnnlab.core.arguments import check_count, shown
from gnnlab.layers.multihop.drew_conv import ConvHops
from gnnlab.layers.multihop.drew_layers import DRewLayer, GatedHops, GCNHops, GINHops
from gnnlab.layers.multihop.hop_graphs import hop_graphs
from gnnlab.layers.parts.building import check_sizes, reset_children
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.layers.parts.linear import input_map

if TYPE_CHECKING:
    from torch_geometric.data import Data

CONVS = ("gcn", "gin", "gatedgcn")
FORMS = ("paper", "released")
DEGREES = ("hop", "graph")
SCHEDULES = ("dynamic", "all")


@measured
class DRew(Encoder):
    r"""Dynamic rewiring with delay: layer t hears the nodes at every distance up to t.

    With :math:`N_k(i)` the nodes from which the shortest way to i has k edges,
    :math:`h^0 = W x + b`, and :math:`\tau_\nu(k) = \max(k - \nu, 0)`, layer t = 0, 1, … computes

    .. math:: h_i^{t+1} = h_i^t + \operatorname{ReLU}\Big(\sum_{k=1}^{\min(t+1, K)} \sum_{j \in
        N_k(i)} \frac{1}{\sqrt{d_i d_j}} W_k^t h_j^{t - \tau_\nu(k)}\Big)

    with ``gcn``; :math:`\operatorname{MLP}^t(h_i^t) + \sum_k \sum_j \operatorname{MLP}_k^t(
    h_j^{t - \tau_\nu(k)})` with ``gin``, each MLP a Linear, batch normalisation and ReLU; with
    ``gatedgcn``, where :math:`\eta` are the gates of :class:`GatedGCNConv` for the pairs of one
    distance, :math:`h_i^t + \operatorname{ReLU}(\operatorname{BN}(A h_i^t + \sum_k \sum_j
    \eta_{ji}^k \odot B_k h_j^{t - \tau_\nu(k)}))`; and
    :math:`h_i^t + \operatorname{ReLU}(\sum_k \operatorname{Conv}_k^t(h^{t - \tau_\nu(k)})_i)` with
    any other convolution, on the graph of the pairs of each distance.

    Distance 1 is the graph itself: its own edges with their weights, types and features. Pairs
    farther apart weigh 1, are of type 0 and have no features: their gates look at the two nodes
    alone. Features are those of the data in every layer; edges keep no states.

    Args:
        in_channels: F, the width of ``data.x``.
        hidden_channels: H.
        num_layers: L.
        conv: ``gcn``, ``gin``, ``gatedgcn``, or what makes a convolution of its two widths, such as
            ``SAGEConv``; with ``edge_dim``, that of distance 1 is called with ``edge_dim`` too.
        nu: a node hears one at distance k as it was k - nu layers before; ``math.inf`` for no
            delay.
        max_hop: K; None hears as far as there are layers.
        share_weights: one W for all distances in a layer (in ``gatedgcn``, one B and one E).
        form: ``paper``, or ``released``: see Source.
        degrees: with ``gcn`` in the paper's form, what d counts: ``hop``, the nodes at the distance
            of the pair; ``graph``, the neighbours.
        schedule: ``dynamic``, layer t hears what is up to t + 1 edges away; ``all``, every layer
            hears all K distances at once, as they are now (``nu=math.inf``): what DRew is compared
            with.
        out_channels: C to end with a Linear and predict by itself, None to return the states.
        dropout: probability, on what is heard.
        map_input: start from a Linear of the features; False where they are H wide and embedded
            already.
        read_edges: False leaves ``data.edge_attr`` alone whatever ``edge_dim`` says.
        edge_dim: width of ``data.edge_attr``, to be read at distance 1 by ``gatedgcn`` or by what
            makes the convolutions; None leaves it alone, as ``gcn`` and ``gin`` always do.

    Shapes:
        data.x (N, F), data.edge_index (2, E), data.hop_index (2, M) and data.hop (M,) int64 as
        ``transform`` leaves them, data.edge_weight, data.edge_type (E,) and data.edge_attr
        (E, edge_dim) if there -> (N, H) or (N, C)

    Raises:
        ValueError: a size below 1; a conv, nu, form or degrees that is none; settings that do not
            go together; data that ``transform`` has not seen; edge weights or features that do not
            fit.

    Cost:
        Layer t: a propagation over the pairs of each distance up to t + 1, O(M_k H), and as many
        maps, O(N H^2). Weights: O(L K H^2), or O(L H^2) if shared. Under ``torch.compile`` the
        pairs of all distances pass for each.

    Source:
        Gutteridge, Dong, Bronstein and Di Giovanni, "DRew: Dynamically Rewired Message Passing with
        Delay", ICML 2023 (https://arxiv.org/abs/2305.08018). The paper writes d for the degree
        of a node, read here as that in the graph (``degrees="graph"``), under which a sum over many
        far nodes grows with their number; the default counts those at the pair's distance, as the
        release does. ``form="released"``
        follows https://github.com/BenGutteridge/DRew: with ``gcn`` every distance has a GCN
        convolution with self-loops, batch normalisation, ReLU and rows of length 1 before the sum,
        and the new states have length 1; ``gin`` maps the sum over each distance and not each node;
        ``gatedgcn`` is the same. There, a distance that occurs nowhere in a batch is left out; here
        it is left out for the graphs that lack it, so that a graph's states do not depend on those
        beside it. While training, batch normalisation needs at least two nodes.
    """

    maskable = False
    """The pairs are found before training, and a masked link would still be in them: link tasks
    train with disjoint message and supervision edges."""

    from_graph = {"edge_dim": edge_width}
    later = {"schedule": "dynamic", "map_input": True, "read_edges": True}
    settings_choose_edges = True

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        num_layers: int = 5,
        *,
        conv: Literal["gcn", "gin", "gatedgcn"] | Callable[..., nn.Module] = "gcn",
        nu: float = 1.0,
        max_hop: int | None = None,
        share_weights: bool = False,
        form: Literal["paper", "released"] = "paper",
        degrees: Literal["hop", "graph"] = "hop",
        schedule: Literal["dynamic", "all"] = "dynamic",
        out_channels: int | None = None,
        dropout: float = 0.0,
        map_input: bool = True,
        read_edges: bool = True,
        edge_dim: int | None = None,
    ) -> None:
        super().__init__()
        edge_dim = edge_dim if read_edges else None
        check_sizes(in_channels, hidden_channels, num_layers, out_channels)
        if max_hop is not None:
            check_count("max_hop", max_hop)
        _check_settings(conv, nu, share_weights, form, degrees, edge_dim)
        _check_schedule(schedule, nu)
        self.in_channels, self.hidden_channels = in_channels, hidden_channels
        self.out_channels, self.nu = out_channels, nu
        farthest = num_layers if max_hop is None else max_hop
        self.reach = [
            farthest if schedule == "all" else min(t, farthest) for t in range(1, num_layers + 1)
        ]
        self.max_hop = max(self.reach)
        self.input = input_map(in_channels, hidden_channels, map_input)
        make = _layer_maker(conv, form, degrees, edge_dim)
        self.layers = nn.ModuleList(
            make(hidden_channels, hops, shared=share_weights, dropout=dropout)
            for hops in self.reach
        )
        self.output = None if out_channels is None else nn.Linear(hidden_channels, out_channels)

    @classmethod
    def reads_edges(cls, conv: object = "gcn", read_edges: bool = True, **settings: Any) -> bool:
        """Whether a model of these settings looks at ``data.edge_attr``, given ``edge_dim``."""
        return read_edges and conv not in ("gcn", "gin")

    def transform(self, data: Data) -> Data:
        """Return the graph with its pairs up to ``max_hop``, unless they are there already."""
        if self.max_hop == 1:
            return data
        from gnnlab.structure.transforms import AddHops

        found: Data = AddHops(self.max_hop)(data)
        return found

    def transform_many(self, graphs: Sequence[Data]) -> list[Data]:
        """Do so for many graphs together, which takes a tenth of the time for small ones."""
        if self.max_hop == 1:
            return list(graphs)
        from gnnlab.structure.transforms import AddHops

        return AddHops(self.max_hop).many(graphs)

    def forward(self, data: Data) -> Tensor:
        hops, batch = hop_graphs(data, self.max_hop), getattr(data, "batch", None)
        h: Tensor = self.input(data.x)
        states = deque([h], maxlen=1 + delay(self.max_hop, self.nu))  # as far back as any are heard
        for layer, farthest in zip(self.layers, self.reach, strict=True):
            heard = range(1, farthest + 1)
            h = layer(h, [states[-1 - delay(k, self.nu)] for k in heard], hops, batch)
            states.append(h)
        return h if self.output is None else self.output(h)

    def reset_parameters(self) -> None:
        reset_children(self)


def delay(hop: int, nu: float) -> int:
    r"""How many layers ago a node at this distance is heard, :math:`\max(k - \nu, 0)`."""
    return 0 if hop <= nu else hop - int(nu)


def _layer_maker(
    conv: str | Callable[..., nn.Module], form: str, degrees: str, edge_dim: int | None
) -> Callable[..., DRewLayer]:
    """What makes a layer of its width and its number of distances."""
    released = form == "released"
    if conv == "gin":
        return partial(GINHops, released=released)
    if conv == "gatedgcn":
        return partial(GatedHops, edge_dim=edge_dim)
    if conv == "gcn" and not released:
        return partial(GCNHops, graph_degrees=degrees == "graph")
    plain = partial(GCNConv, bias=False)
    return partial(
        ConvHops,
        make=conv if callable(conv) else plain,
        edge_dim=edge_dim if callable(conv) else None,
        released=released,
        weighable=conv == "gcn",
    )


def _check_schedule(schedule: str, nu: float) -> None:
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule is {shown(schedule)}, which is none of {', '.join(SCHEDULES)}")
    if schedule == "all" and nu != math.inf:
        raise ValueError(
            f"schedule is 'all' and nu is {shown(nu)}, but the first layers have no states from so "
            "long ago: take nu=math.inf"
        )


def _check_settings(
    conv: object, nu: float, share_weights: bool, form: str, degrees: str, edge_dim: int | None
) -> None:
    if conv not in CONVS and not callable(conv):
        raise ValueError(
            f"conv is {shown(conv)}, which is none of {', '.join(CONVS)}, and makes no convolution"
        )
    for name, value, known in (("form", form, FORMS), ("degrees", degrees, DEGREES)):
        if value not in known:
            raise ValueError(f"{name} is {shown(value)}, which is none of {', '.join(known)}")
    whole = isinstance(nu, Real) and not isinstance(nu, bool) and (nu == math.inf or nu % 1 == 0)
    if not whole or nu < 1:
        raise ValueError(
            f"nu is {shown(nu)}, but it must be a whole number of at least 1, or math.inf"
        )
    if degrees == "graph" and (conv != "gcn" or form == "released"):
        raise ValueError("degrees='graph' is for conv='gcn' in the paper's form alone")
    if edge_dim is not None and share_weights and callable(conv):
        raise ValueError(
            "share_weights gives all distances one convolution, but edge features are there at "
            "distance 1 alone: leave edge_dim out, or take conv='gatedgcn'"
        )
