"""Layers: one method a file, a conv and the encoder built of it."""

from __future__ import annotations

if __name__ != "gnnlab.layers":
    raise ImportError(
        "import gnnlab.layers, not layers: the folder is a room of the gnnlab package"
    )

from .appnp import APPNP
from .budget import width_for
from .categories import Categories
from .connection_sheaf import ConnectionSheaf
from .dagnn import DAGNN
from .dirgnn import DirGCNConv, DirGNN, DirSAGEConv
from .drew import DRew
from .dropout import Dropout
from .families import convs, encoders, find
from .gae import GAE, VGAE
from .gat import GAT, GATConv, GATSep
from .gatedgcn import GatedGCN, GatedGCNConv
from .gcn import GCN
from .gcn_conv import GCNConv
from .gcnii import GCNII
from .gin import GIN, GINConv
from .gine import GINE, GINEConv
from .gt import GT, GTConv, GTSep
from .inputs import EdgeCategories, Input, NodeCategories, WithInputs
from .jknet import JKNet
from .kpath import KPathSubgraphGNN
from .linear import Linear
from .linkx import LINKX
from .monet import MoNet, MoNetConv
from .node_embedding import ConstantFeatures, NodeEmbedding
from .parameters import measured
from .pathnn import PathNN
from .pna import PNA, PNAConv, average_log_degree
from .positional import PositionalEncoder
from .pure import PureGNN
from .resnet import ResNet, ResNetAdj, ResNetSGC
from .rgcn import RGCN, RGCNConv
from .rgin import RGIN, RGINConv
from .sage import SAGE, SAGEConv
from .sgc import SGC
from .sheaf import SheafDiffusion
from .subgraph import SubgraphGNN
from .virtual_node import VirtualNode

__all__ = [
    "APPNP",
    "DAGNN",
    "GAE",
    "GAT",
    "GCN",
    "GCNII",
    "GIN",
    "GINE",
    "GT",
    "LINKX",
    "PNA",
    "RGCN",
    "RGIN",
    "SAGE",
    "SGC",
    "VGAE",
    "Categories",
    "ConnectionSheaf",
    "ConstantFeatures",
    "DRew",
    "DirGCNConv",
    "DirGNN",
    "DirSAGEConv",
    "Dropout",
    "EdgeCategories",
    "GATConv",
    "GATSep",
    "GCNConv",
    "GINConv",
    "GINEConv",
    "GTConv",
    "GTSep",
    "GatedGCN",
    "GatedGCNConv",
    "Input",
    "JKNet",
    "KPathSubgraphGNN",
    "Linear",
    "MoNet",
    "MoNetConv",
    "NodeCategories",
    "NodeEmbedding",
    "PNAConv",
    "PathNN",
    "PositionalEncoder",
    "PureGNN",
    "RGCNConv",
    "RGINConv",
    "ResNet",
    "ResNetAdj",
    "ResNetSGC",
    "SAGEConv",
    "SheafDiffusion",
    "SubgraphGNN",
    "VirtualNode",
    "WithInputs",
    "average_log_degree",
    "convs",
    "encoders",
    "find",
    "width_for",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        measured(globals()[_name])
