"""Explain predictions: which edges and features they come from, and how good an answer is."""

from __future__ import annotations

from gnnlab.tasks.explanation.attention import Attention as Attention
from gnnlab.tasks.explanation.controls import DegreeMask as DegreeMask
from gnnlab.tasks.explanation.controls import NearMask as NearMask
from gnnlab.tasks.explanation.controls import RandomMask as RandomMask
from gnnlab.tasks.explanation.explanation import Explanation as Explanation
from gnnlab.tasks.explanation.fidelity import Fidelity as Fidelity
from gnnlab.tasks.explanation.fidelity import fidelity as fidelity
from gnnlab.tasks.explanation.gnn_explainer import GNNExplainer as GNNExplainer
from gnnlab.tasks.explanation.gradient import Gradient as Gradient
from gnnlab.tasks.explanation.ground_truth import edge_auc as edge_auc
from gnnlab.tasks.explanation.integrated_gradients import IntegratedGradients as IntegratedGradients
from gnnlab.tasks.explanation.method import Explainer as Explainer
from gnnlab.tasks.explanation.method import explainers as explainers
from gnnlab.tasks.explanation.occlusion import Occlusion as Occlusion
from gnnlab.tasks.explanation.pg_explainer import PGExplainer as PGExplainer
from gnnlab.tasks.explanation.picture import molecule_picture as molecule_picture
from gnnlab.tasks.explanation.picture import picture as picture
from gnnlab.tasks.explanation.pyg import for_pyg as for_pyg

__all__ = [
    "Attention",
    "DegreeMask",
    "Explainer",
    "Explanation",
    "Fidelity",
    "GNNExplainer",
    "Gradient",
    "IntegratedGradients",
    "NearMask",
    "Occlusion",
    "PGExplainer",
    "RandomMask",
    "edge_auc",
    "explainers",
    "fidelity",
    "for_pyg",
    "molecule_picture",
    "picture",
]
