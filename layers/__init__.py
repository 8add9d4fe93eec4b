"""Layers: one method a file, a conv and the encoder built of it."""

from __future__ import annotations

if __name__ != "gnnlab.layers":
    raise ImportError(
        "import gnnlab.layers, not layers: the folder is a room of the gnnlab package"
    )

from .connection_sheaf import ConnectionSheaf
from .dropout import Dropout
from .families import convs, encoders, find
from .gat import GAT, GATConv, GATSep
from .gcn import GCN, GCNConv
from .gin import GIN, GINConv
from .gt import GT, GTConv, GTSep
from .linear import Linear
from .resnet import ResNet, ResNetAdj, ResNetSGC
from .rgcn import RGCN, RGCNConv
from .rgin import RGIN, RGINConv
from .sage import SAGE, SAGEConv
from .sheaf import SheafDiffusion

__all__ = [
    "GAT",
    "GCN",
    "GIN",
    "GT",
    "RGCN",
    "RGIN",
    "SAGE",
    "ConnectionSheaf",
    "Dropout",
    "GATConv",
    "GATSep",
    "GCNConv",
    "GINConv",
    "GTConv",
    "GTSep",
    "Linear",
    "RGCNConv",
    "RGINConv",
    "ResNet",
    "ResNetAdj",
    "ResNetSGC",
    "SAGEConv",
    "SheafDiffusion",
    "convs",
    "encoders",
    "find",
]
