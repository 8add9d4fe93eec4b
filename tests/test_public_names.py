"""Public names, and module paths that pages have shown: what a user imports goes on working."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from gnnlab._moved import MOVED

ROOT = Path(__file__).resolve().parents[1]
NAMES = {
    "gnnlab": """
        __version__ check datasets layers ops rewiring runner tasks
    """,
    "gnnlab.ops": """
        Adjacency AdjacencyLike EdgeDrop NeighborLists Pairs Relation SparseFeatures attend
        block_propagate common_neighbors count_common_neighbors degree dropout edge_dot
        edge_outer edge_reduce edge_softmax edge_sum gather gcn_norm gcn_propagate gcn_steps
        gcn_sum linear lstm_step neighbor_sum orthogonal_transport pair_aggregate pair_reduce
        pair_spread propagate relations relu_propagate residual_neighbors segment_reduce use
    """,
    "gnnlab.layers": """
        APPNP Categories ConnectionSheaf ConstantFeatures DAGNN DRew DirGCNConv DirGNN
        DirSAGEConv Dropout EdgeCategories GAE GAT GATConv GATSep GCN GCNConv GCNII GIN GINConv
        GINE GINEConv GT GTConv GTSep GatedGCN GatedGCNConv Input JKNet KPathSubgraphGNN LINKX
        Linear MoNet MoNetConv NodeCategories NodeEmbedding PNA PNAConv PathNN PositionalEncoder
        PureGNN RGCN RGCNConv RGIN RGINConv ResNet ResNetAdj ResNetSGC SAGE SAGEConv SGC
        SheafDiffusion SubgraphGNN VGAE VirtualNode WithInputs average_log_degree convs encoders
        find width_for
    """,
    "gnnlab.rewiring": """
        AddHops AddPaths BORF Changes FoSR GTR Graph Identity Influence LASER RandomEdges
        Rewiring SDRF Sensitivity apply balanced_forman commute_time count_edge_types
        effective_resistance find hop_distances jacobian_sensitivity ollivier_ricci rewirings
        spectral_gap total_influence total_resistance walk_counts
    """,
    "gnnlab.datasets": """
        Card Citation FlawWarning GivenCard Graphs GraphsCard LinkCard Masks NormalizeFeatures
        OwnCard from_dgl from_networkx from_scipy from_tables molecules read split
        Record Stress ToSparseFeatures adjusted_homophily card cite cluster counting csbm csl
        distinct edge_homophily equal_shares first_alike folds graph_transfer hop_eccentricity
        karate label_informativeness load minesweeper names node_homophily pairs pattern resolve
        ring_transfer rmat scaffolds topology_of tree_neighbours_match
    """,
    "gnnlab.datasets.generators": """
        GENERATORS OF_MANY cluster counting csbm csl graph_transfer karate minesweeper pattern
        ring_transfer rmat topology_of tree_neighbours_match
    """,
    "gnnlab.tasks": """
        AdamicAdar CommonNeighbors Comparison Curve DotProduct GraphPrediction HadamardMLP Katz
        LinkModel LinkPrediction LinkSplit Model NCN NCNC NodeClassification NodePrediction
        PairedComparison
        PersonalizedPageRank ResourceAllocation Result ShortestPath Training at_own_best
        common_neighbors compare_pairs fit heuristic
    """,
    "gnnlab.structure": """
        KHopSubgraph KHopSubgraphs k_hop_subgraph k_hop_subgraphs path_colors paths_from
        subgraph_colors
    """,
    "gnnlab.structure.transforms": """
        AddHops AddPaths Encoding GraphTransform KPathSubgraphs LaplacianPE PairDistances
        RandomWalkPE Structure known_hops refuse_batch shallow shares
    """,
    "gnnlab.analysis": """
        DepthCurve by_depth class_separation dirichlet_energy hidden_states sheaf_energies
        sheaf_energy smoothness
    """,
    "gnnlab.runner": """
        Config Recipe Summary configure read_results recipe recipe_names run run_folders
        summarise wanted_results
    """,
}
"""What packages exported before they were parted into families: none is taken away."""


@pytest.mark.parametrize("package", NAMES)
def test_a_package_exports_what_it_did(package: str) -> None:
    face = import_module(package)
    names = set(NAMES[package].split())
    assert names <= set(face.__all__) and names <= set(dir(face))
    for name in names:
        assert getattr(face, name) is not None


def test_an_old_path_is_the_new_module_and_says_so() -> None:
    code = """
import sys, warnings
from importlib import import_module
from gnnlab._moved import MOVED
for old, new in MOVED.items():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = import_module(old)
    ours = [str(one.message) for one in told if "now: import that" in str(one.message)]
    assert ours == [f"{old} is {new} now: import that"], (old, ours)
    assert found is sys.modules[new] and found.__spec__.name == new and found.__name__ == new
print(len(MOVED))
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.strip() == str(len(MOVED)), run.stderr


def test_a_name_that_is_not_exported_is_told_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="gnnlab.layers has no attribute 'GATSepp': did you"):
        _ = import_module("gnnlab.layers").GATSepp
