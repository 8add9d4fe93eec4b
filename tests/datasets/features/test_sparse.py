from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import Compose

from gnnlab import check, datasets
from gnnlab.datasets import NormalizeFeatures, ToSparseFeatures
from gnnlab.runner.settings.config import configure


def test_few_entries_become_a_csr_tensor_and_the_graph_stays() -> None:
    data = Data(x=torch.eye(30), edge_index=torch.zeros(2, 1).long())
    found = Compose([ToSparseFeatures()])(data)
    assert found.x.layout is torch.sparse_csr and found.x.dtype == torch.float32
    assert found.x.crow_indices().dtype == found.x.col_indices().dtype == torch.int32
    assert torch.equal(found.x.to_dense(), torch.eye(30))
    assert data.x.layout is torch.strided and found.edge_index is data.edge_index
    assert found.num_nodes == 30 and found.num_features == 30
    check(found)
    assert ToSparseFeatures()(found).x is found.x


@pytest.mark.parametrize(("density", "layout"), [(0.24, torch.strided), (0.25, torch.sparse_csr)])
def test_the_density_decides(density: float, layout: torch.layout) -> None:
    assert ToSparseFeatures(density)(Data(x=torch.eye(4))).x.layout is layout


def test_a_density_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="density is 1.5"):
        ToSparseFeatures(1.5)


def test_loading_with_sparse_features() -> None:
    dense = datasets.load("karate")
    data = datasets.load("karate", sparse_features=True)
    assert data.x.layout is torch.sparse_csr
    assert torch.equal(data.x.to_dense(), dense.x)


@pytest.mark.parametrize("name", ["sparse_features", "normalize_features"])
def test_a_run_is_named_by_it_only_where_it_is_set(name: str) -> None:
    settings = {"data": {"name": "karate"}, "model": {"name": "gcn"}}
    plain, off, on = (
        configure(settings, overrides)
        for overrides in ([], [f"data.{name}=false"], [f"data.{name}=true"])
    )
    assert name not in plain.data
    assert plain.key() == off.key() != on.key()
    assert on.data[name] is True
    with pytest.raises(ValueError, match=f"{name} is 'auto'"):
        configure(settings, [f"data.{name}=auto"])


def test_normalised_features_add_up_to_one_and_leave_the_graph() -> None:
    data = Data(x=torch.tensor([[1.0, -3.0], [0.0, 0.0], [0.1, 0.1]]))
    expected = torch.tensor([[0.25, -0.75], [0.0, 0.0], [0.5, 0.5]])
    found = NormalizeFeatures()(data)
    torch.testing.assert_close(found.x, expected)
    assert data.x[0, 1] == -3
    sparse = ToSparseFeatures(density=1)(data)
    torch.testing.assert_close(NormalizeFeatures()(sparse).x.to_dense(), expected)
    with pytest.raises(ValueError, match="is torch.sparse_coo, but must be dense or CSR"):
        NormalizeFeatures()(Data(x=data.x.to_sparse()))
