"""Layers: one method a file, a conv and the encoder built of it."""

from __future__ import annotations

if __name__ != "gnnlab.layers":
    raise ImportError(
        "import gnnlab.layers, not layers: the folder is a room of the gnnlab package"
    )

from gnnlab.layers.attention.gat import GAT, GATConv, GATSep
from gnnlab.layers.attention.gt import GT, GTConv, GTSep
from gnnlab.layers.autoencoders.gae import GAE, VGAE
from gnnlab.layers.convolutional.gatedgcn import GatedGCN, GatedGCNConv
from gnnlab.layers.convolutional.gcn import GCN
from gnnlab.layers.convolutional.gcnii import GCNII
from gnnlab.layers.convolutional.gin import GIN, GINConv
from gnnlab.layers.convolutional.gine import GINE, GINEConv
from gnnlab.layers.convolutional.jknet import JKNet
from gnnlab.layers.convolutional.monet import MoNet, MoNetConv
from gnnlab.layers.convolutional.pna import PNA, PNAConv, average_log_degree
from gnnlab.layers.convolutional.resnet import ResNet, ResNetAdj, ResNetSGC
from gnnlab.layers.convolutional.sage import SAGE, SAGEConv
from gnnlab.layers.decoupled.appnp import APPNP
from gnnlab.layers.decoupled.dagnn import DAGNN
from gnnlab.layers.decoupled.linkx import LINKX
from gnnlab.layers.decoupled.puregnn import PureGNN
from gnnlab.layers.decoupled.sgc import SGC
from gnnlab.layers.directed.dirgnn import DirGCNConv, DirGNN, DirSAGEConv
from gnnlab.layers.inputs.base import EdgeCategories, Input, NodeCategories, WithInputs
from gnnlab.layers.inputs.positional import PositionalEncoder
from gnnlab.layers.inputs.stand_ins import ConstantFeatures, NodeEmbedding
from gnnlab.layers.listing import convs, encoders, find
from gnnlab.layers.multihop.drew import DRew
from gnnlab.layers.parts.budget import width_for
from gnnlab.layers.parts.categories import Categories
from gnnlab.layers.parts.dropout import Dropout
from gnnlab.layers.parts.gcn_conv import GCNConv
from gnnlab.layers.parts.linear import Linear
from gnnlab.layers.parts.parameters import measured
from gnnlab.layers.parts.virtual_node import VirtualNode
from gnnlab.layers.paths.pathnn import PathNN
from gnnlab.layers.relational.rgcn import RGCN, RGCNConv
from gnnlab.layers.relational.rgin import RGIN, RGINConv
from gnnlab.layers.sheaf.connection_sheaf import ConnectionSheaf
from gnnlab.layers.sheaf.sheaf_diffusion import SheafDiffusion
from gnnlab.layers.subgraphs.k_path_gnn import KPathSubgraphGNN
from gnnlab.layers.subgraphs.subgraph_gnn import SubgraphGNN

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
