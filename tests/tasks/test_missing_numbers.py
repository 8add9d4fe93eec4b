"""Numbers that are nan: left out where told so, and refused where not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from target_graphs import NAN, collection, fit, part

from gnnlab import layers, tasks
from gnnlab.datasets import Graphs


def holed(width: int = 2, size: int = 40) -> Graphs:
    """Numbers of which a third are unknown."""
    random = torch.Generator().manual_seed(2)
    y = 5 + torch.randn(size, 1, width, generator=random)
    y[torch.rand(y.shape, generator=random) < 0.3] = NAN
    return collection(y)


@pytest.mark.parametrize("loss", ["l1", "mse"])
@pytest.mark.parametrize("metric", ["mae", "mse", "r2"])
def test_unknown_numbers_are_ignored_when_told(loss: Any, metric: Any) -> None:
    data = holed()
    with pytest.raises(ValueError, match="targets must be finite.*set missing='ignore'"):
        fit(data, tasks.GraphPrediction(kind="regression"))
    task = tasks.GraphPrediction(
        kind="regression", missing="ignore", loss=loss, metric=metric, standardise=True
    )
    problem = task.setup(data, 0)
    target: Any = problem.target
    train = part(data, data.train_mask).y.double()
    for t in range(2):
        known = train[~train[:, t].isnan(), t]
        assert target.mean[t] == pytest.approx(float(known.mean()))
        assert target.scale[t] == pytest.approx(float(known.std(correction=0)))
    model = problem.model(layers.SAGE(1, 8, 1, dropout=0.0)).eval()
    for batch in problem.batches():
        apart = ((model(batch) - batch.y) / target.scale)[~batch.y.isnan()]
        expected = apart.square().mean() if loss == "mse" else apart.abs().mean()
        torch.testing.assert_close(problem.loss(model, batch), expected.float(), rtol=1e-5, atol=0)
    held = part(data, data.test_mask)
    with torch.no_grad():
        predicted = model(held)
        each = []
        for t in range(2):
            known = ~held.y[:, t].isnan()
            apart, y = (predicted - held.y)[known, t], held.y[known, t].double()
            error = apart.abs().mean() if metric == "mae" else apart.square().mean()
            each.append(float(1 - error / y.var(correction=0) if metric == "r2" else error))
        assert problem.evaluate(model)["test"] == pytest.approx(sum(each) / 2, rel=1e-5)
    assert fit(data, task).test == fit(data, task).test


def test_a_batch_without_a_known_number_moves_nothing() -> None:
    task = tasks.GraphPrediction(kind="regression", missing="ignore")
    predictions = torch.randn(3, 2, requires_grad=True)
    loss = task.setup(holed(), 0).target.loss(predictions, torch.full((3, 2), NAN))
    torch.autograd.backward(loss)
    assert loss.item() == 0 and predictions.grad is not None and not predictions.grad.any()


def test_a_part_without_a_known_number_and_infinite_ones_are_refused() -> None:
    data = holed()
    task = tasks.GraphPrediction(kind="regression", missing="ignore")
    for graph, held in zip(data, data.test_mask[:, 0].tolist(), strict=True):
        if held:
            graph.y = torch.tensor([[1.0, NAN]])
    with pytest.raises(
        ValueError, match="data.test_mask holds no graph with a known value of some"
    ):
        fit(data, task)
    data[0].y = torch.tensor([[1.0, float("inf")]])
    with pytest.raises(ValueError, match="graph 0 .* targets must be finite"):
        fit(data, task)
    with pytest.raises(ValueError, match="missing is 'drop', which is none of refuse, ignore"):
        tasks.GraphPrediction(missing="drop")  # type: ignore[arg-type]
