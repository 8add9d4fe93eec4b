"""Small graphs of every awkward kind, and how each exported layer is built for them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from copy import copy

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch_geometric.data import Data

from gnnlab import layers
from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import declared

F_IN, WIDTH = 3, 4
# Named by what the room exports, and a word more where a setting makes it another layer.
CONVS: dict[str, Callable[[], nn.Module]] = {
    "DirGCNConv": lambda: layers.DirGCNConv(F_IN, WIDTH, alpha=0.3),
    "DirGCNConv one way": lambda: layers.DirGCNConv(F_IN, WIDTH, alpha=1),
    "DirSAGEConv": lambda: layers.DirSAGEConv(F_IN, WIDTH, alpha=0.3),
    "GATConv": lambda: layers.GATConv(F_IN, 2, heads=2),
    "GATConv no loops": lambda: layers.GATConv(F_IN, 2, heads=2, add_self_loops=False),
    "GCNConv": lambda: layers.GCNConv(F_IN, WIDTH),
    "GINConv": lambda: layers.GINConv(F_IN, WIDTH, eps=0.3),
    "GINConv narrower": lambda: layers.GINConv(F_IN, 2, train_eps=True),
    "GINEConv": lambda: layers.GINEConv(F_IN, WIDTH, eps=0.3),
    "GINEConv narrower": lambda: layers.GINEConv(F_IN, 2, train_eps=True),
    "GTConv": lambda: layers.GTConv(F_IN, WIDTH, heads=2, separate=True),
    "GTConv together": lambda: layers.GTConv(F_IN, WIDTH, heads=2, separate=False),
    "GatedGCNConv": lambda: layers.GatedGCNConv(F_IN, WIDTH),
    "GatedGCNConv plain": lambda: layers.GatedGCNConv(F_IN, WIDTH, normalize=False),
    "MoNetConv": lambda: layers.MoNetConv(F_IN, WIDTH),
    "PNAConv": lambda: layers.PNAConv(F_IN, WIDTH),
    "PNAConv towers": lambda: layers.PNAConv(F_IN, WIDTH, towers=2, average_log_degree=1.2),
    "RGCNConv": lambda: layers.RGCNConv(F_IN, WIDTH, num_relations=3),
    "RGINConv": lambda: layers.RGINConv(F_IN, 2, num_relations=3),
    "SAGEConv": lambda: layers.SAGEConv(F_IN, WIDTH),
}
ENCODERS: dict[str, Callable[[int], nn.Module]] = {
    "APPNP": lambda n: layers.APPNP(F_IN, WIDTH, 2, hops=3),
    "DAGNN": lambda n: layers.DAGNN(F_IN, WIDTH, 2, hops=3),
    "DAGNN one layer": lambda n: layers.DAGNN(F_IN, WIDTH, 1, hops=0, out_channels=2),
    "DirGNN": lambda n: layers.DirGNN(F_IN, WIDTH, 2, normalize=True),
    "DirGNN without a jump": lambda n: layers.DirGNN(F_IN, WIDTH, 2, conv="sage", jump="last"),
    "DRew": lambda n: layers.DRew(F_IN, WIDTH, 3),
    "DRew gatedgcn": lambda n: layers.DRew(F_IN, WIDTH, 3, conv="gatedgcn", max_hop=2),
    "DRew gin": lambda n: layers.DRew(F_IN, WIDTH, 3, conv="gin", nu=math.inf),
    "DRew released": lambda n: layers.DRew(F_IN, WIDTH, 3, form="released"),
    "DRew released gin": lambda n: layers.DRew(F_IN, WIDTH, 3, conv="gin", form="released"),
    "DRew shared": lambda n: layers.DRew(F_IN, WIDTH, 3, nu=2, share_weights=True, degrees="graph"),
    "GAE": lambda n: layers.GAE(F_IN, WIDTH, 2, inner_channels=3),
    "GAT": lambda n: layers.GAT(F_IN, WIDTH, 2, heads=2),
    "GATSep": lambda n: layers.GATSep(F_IN, WIDTH, 2, heads=2),
    "GCN": lambda n: layers.GCN(F_IN, WIDTH, 2),
    "GCN plain": lambda n: layers.GCN(F_IN, WIDTH, 2, block="plain"),
    "GCN pure": lambda n: layers.GCN(F_IN, WIDTH, 2, block="pure"),
    "GCN tuned": lambda n: layers.GCN(F_IN, WIDTH, 2, block="tuned"),
    "GCNII": lambda n: layers.GCNII(F_IN, WIDTH, 2),
    "GIN": lambda n: layers.GIN(F_IN, WIDTH, 2),
    "GINE": lambda n: layers.GINE(F_IN, WIDTH, 2),
    "GINE without residuals": lambda n: layers.GINE(F_IN, WIDTH, 2, residual=False),
    "GT": lambda n: layers.GT(F_IN, WIDTH, 2, heads=2),
    "GTSep": lambda n: layers.GTSep(F_IN, WIDTH, 2, heads=2),
    "GatedGCN": lambda n: layers.GatedGCN(F_IN, WIDTH, 3),
    "GatedGCN bare": lambda n: layers.GatedGCN(
        F_IN, WIDTH, 2, edge_states=False, batch_norm=False, residual=False
    ),
    "JKNet": lambda n: layers.JKNet(F_IN, WIDTH, 2),
    "JKNet cat": lambda n: layers.JKNet(F_IN, WIDTH, 2, jump="cat"),
    "JKNet lstm": lambda n: layers.JKNet(F_IN, WIDTH, 2, jump="lstm"),
    "KPathSubgraphGNN": lambda n: layers.KPathSubgraphGNN(F_IN, WIDTH, 2, length=2),
    "KPathSubgraphGNN distance": lambda n: layers.KPathSubgraphGNN(
        F_IN, WIDTH, 1, length=3, mark="distance", pooling="mean"
    ),
    "LINKX": lambda n: layers.LINKX(F_IN, WIDTH, 2, num_nodes=n),
    "MoNet": lambda n: layers.MoNet(F_IN, WIDTH, 2),
    "PNA": lambda n: layers.PNA(F_IN, WIDTH, 2),
    "PNA without residuals": lambda n: layers.PNA(F_IN, WIDTH, 2, towers=2, residual=False),
    "PureGNN": lambda n: layers.PureGNN(F_IN, WIDTH, 2),
    "PureGNN mean": lambda n: layers.PureGNN(F_IN, WIDTH, 2, aggregation="mean", jump=False),
    "PureGNN sum": lambda n: layers.PureGNN(F_IN, WIDTH, 2, aggregation="sum", residual=True),
    "PathNN": lambda n: layers.PathNN(F_IN, WIDTH, 2, length=2),
    "PathNN all": lambda n: layers.PathNN(F_IN, WIDTH, length=3, kind="all", reduce="mean"),
    "PathNN all shortest": lambda n: layers.PathNN(
        F_IN, WIDTH, length=3, kind="all_shortest", input_mlp=False, update_mlp=True
    ),
    "RGCN": lambda n: layers.RGCN(F_IN, WIDTH, 2, num_relations=3),
    "RGIN": lambda n: layers.RGIN(F_IN, WIDTH, 2, num_relations=3),
    "ResNet": lambda n: layers.ResNet(F_IN, WIDTH, 2),
    "ResNetAdj": lambda n: layers.ResNetAdj(F_IN, WIDTH, 2, num_nodes=n),
    "ResNetSGC": lambda n: layers.ResNetSGC(F_IN, WIDTH, 2, hops=2),
    "SAGE": lambda n: layers.SAGE(F_IN, WIDTH, 2),
    "SGC": lambda n: layers.SGC(F_IN, WIDTH, 2),
    "VGAE": lambda n: layers.VGAE(F_IN, WIDTH, 2),
    "ConnectionSheaf": lambda n: layers.ConnectionSheaf(F_IN, 2, 2, stalk_dim=2),
    "ConnectionSheaf extra": lambda n: layers.ConnectionSheaf(
        F_IN, 2, 2, stalk_dim=2, plus_channel=True, minus_channel=True, second_linear=True
    ),
    "SubgraphGNN": lambda n: layers.SubgraphGNN(F_IN, WIDTH, 2),
    "SubgraphGNN GSWL": lambda n: layers.SubgraphGNN(
        F_IN, WIDTH, 2, aggregation="GSWL", policy="marking", pooling="SV"
    ),
    "SubgraphGNN deletion": lambda n: layers.SubgraphGNN(
        F_IN, WIDTH, 2, aggregation=("uL", "vu", "uu", "uG"), policy="deletion"
    ),
    "SubgraphGNN ego": lambda n: layers.SubgraphGNN(
        F_IN, WIDTH, 2, aggregation="SSWL", policy="ego+", radius=1
    ),
    "SheafDiffusion": lambda n: layers.SheafDiffusion(F_IN, 2, 2, stalk_dim=2),
    "SheafDiffusion cayley": lambda n: layers.SheafDiffusion(
        F_IN, 2, 2, orthogonal="cayley", sparse_learner=True, linear=True
    ),
    "SheafDiffusion diag": lambda n: layers.SheafDiffusion(
        F_IN, 2, 2, maps="diag", stalk_dim=2, plus_channel=True, minus_channel=True
    ),
    "SheafDiffusion general": lambda n: layers.SheafDiffusion(
        F_IN, 2, 2, maps="general", stalk_dim=2, edge_weights=True
    ),
    "SheafDiffusion identity": lambda n: layers.SheafDiffusion(F_IN, 2, 2, maps="identity"),
    "SheafDiffusion random": lambda n: layers.SheafDiffusion(F_IN, 2, 2, maps="random"),
}


def sized(name: str, nodes: int) -> dict[str, int]:
    """What an encoder has to be told about a graph of so many nodes."""
    asks = "num_nodes" in inspect.signature(layers.find(name)).parameters
    return {"num_nodes": nodes} if asks else {}


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 8, max_edges: int = 20, min_nodes: int = 1) -> Data:
    """A graph of typed edges, or none, with isolated nodes, self-loops and parallel edges."""
    nodes = draw(st.integers(min_nodes, max_nodes))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = draw(st.lists(ends, max_size=max_edges))
    edge_index = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T.contiguous()
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    x = torch.randn(nodes, F_IN, generator=generator, dtype=torch.float64)
    edge_type = torch.randint(3, (len(edges),), generator=generator)
    return Data(x=x, edge_index=edge_index, edge_type=edge_type)


def build(name: str, nodes: int) -> nn.Module:
    """An exported conv or encoder in float64 and eval mode, its weights from a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = CONVS[name]() if name in CONVS else ENCODERS[name](nodes)
    return layer.double().eval()


def off_the_kink(layer: nn.Module) -> nn.Module:
    """The layer with norms that move every channel away from 0.

    Where all nodes are alike, as two joined ones are to GIN, batch normalisation gives 0 up to
    rounding, and ReLU has another slope on either side. So it does where a ReLU's zeros are all
    that a node has, as in a layer of PathNN without a path from it.
    """
    with torch.random.fork_rng():
        torch.manual_seed(5)
        for norm in (m for m in layer.modules() if isinstance(m, nn.BatchNorm1d)):
            nn.init.uniform_(norm.bias, 0.1, 1.0)
    return layer


def prepared(layer: nn.Module, data: Data) -> Data:
    """The graph with what the encoder computes once, if it has a transform."""
    if not declared(layer).transforms() or "prepared" in data:
        return data
    data = copy(declared(layer).transform(data))
    data.prepared = True
    return data


def is_encoder(layer: nn.Module) -> bool:
    """Whether a layer is called with a graph, compiled or not."""
    return isinstance(getattr(layer, "_orig_mod", layer), Encoder)


def of_graphs(layer: nn.Module) -> bool:
    """Whether an encoder gives a row for each graph in place of each node."""
    return declared(layer).level == "graph"


def apply(layer: nn.Module, data: Data) -> Tensor:
    """Call a conv or an encoder on a graph."""
    data = prepared(layer, data)
    if is_encoder(layer):
        out: Tensor = layer(data)
        return out
    out = layer(data.x, data.edge_index, edge_type=data.get("edge_type"))
    return out
