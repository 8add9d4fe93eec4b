"""What a seed decides, and what training leaves alone."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from learnable import Mean, graph, numbers, run
from torch import Tensor, nn
from torch_geometric.data.data import BaseData

from gnnlab.tasks import NodeClassification, Training, fit


def test_a_seed_gives_the_same_numbers_twice_and_another_seed_others() -> None:
    first, second = run(seed=3), run(seed=3)
    assert numbers(first) == numbers(second)
    assert first.model is not None and second.model is not None
    for one, two in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, two)
    assert numbers(run(seed=4)) != numbers(first)


def test_the_seed_alone_decides_whatever_the_generators_and_the_module_hold() -> None:
    encoder = Mean(3, 16)
    first = run(encoder=encoder)
    torch.manual_seed(99)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.fill_(7.0)
        encoder.norm.running_mean.fill_(5.0)
    assert numbers(run(encoder=encoder)) == numbers(first)


def test_a_module_and_a_function_that_builds_it_are_the_same() -> None:
    assert numbers(run(encoder=Mean(3, 16))) == numbers(run(encoder=lambda: Mean(3, 16)))


def test_python_and_numpy_generators_are_seeded_too() -> None:
    class Noisy(Mean):
        def forward(self, data: BaseData) -> Tensor:
            return super().forward(data) * (1 + random.random() + np.random.rand())

    first = run(encoder=Noisy(3, 16))
    random.random(), np.random.rand()
    assert numbers(run(encoder=Noisy(3, 16))) == numbers(first)


def states() -> tuple[Any, ...]:
    return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()


class Broken(Mean):
    def forward(self, data: BaseData) -> Tensor:
        random.random(), np.random.rand(), torch.rand(1)
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, None),
        ({"encoder": lambda: Mean(3, 16)}, None),
        ({"encoder": Broken(3, 16)}, KeyboardInterrupt),
        ({"encoder": lambda: Broken(3, 16)}, KeyboardInterrupt),
        ({"training": Training(lr=1e30, epochs=9)}, ValueError),
    ],
)
def test_the_callers_generators_module_and_graph_are_left_alone(
    arguments: dict[str, Any], error: type[BaseException] | None
) -> None:
    data, encoder = graph(), arguments.get("encoder", Mean(3, 16))
    kept, tensors = data.clone(), dict(data.to_dict())
    weights = deepcopy(encoder.state_dict()) if isinstance(encoder, nn.Module) else {}
    before = states()
    if error is None:
        fit(NodeClassification(), encoder, data, Training(epochs=3), seed=1)
    else:
        with pytest.raises(error):
            training = arguments.get("training", Training(epochs=3))
            fit(NodeClassification(), encoder, data, training, seed=1)
    assert states() == before
    for name, value in data.to_dict().items():
        assert value is tensors[name] and torch.equal(value, kept[name]), name
    if isinstance(encoder, nn.Module):
        assert encoder.training and all(p.grad is None for p in encoder.parameters())
        for name, value in encoder.state_dict().items():
            assert torch.equal(value, weights[name]), name


def test_a_function_that_returns_the_callers_module_leaves_it_alone() -> None:
    encoder = Mean(3, 16)
    before = deepcopy(encoder.state_dict())
    run(encoder=lambda: encoder)
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_pretrained_weights_are_kept_on_request() -> None:
    encoder = Mean(3, 16)
    tiny = Training(lr=1e-12, epochs=1)
    kept = run(tiny, encoder=encoder, reinitialise=False).model
    drawn = run(tiny, encoder=encoder).model
    assert kept is not None and drawn is not None
    torch.testing.assert_close(kept.encoder.own.weight, encoder.own.weight)
    assert not torch.allclose(drawn.encoder.own.weight, encoder.own.weight)


class Unresettable(Mean):
    def __init__(self) -> None:
        super().__init__(3, 16)
        self.scale = nn.Parameter(torch.rand(16))

    def forward(self, data: BaseData) -> Tensor:
        return super().forward(data) * self.scale


def test_a_parameter_that_cannot_be_reset_needs_a_function() -> None:
    with pytest.raises(
        ValueError, match=r"no reset_parameters\(\) reaches scale: add one, or give"
    ):
        run(encoder=Unresettable())
    assert numbers(run(encoder=Unresettable)) == numbers(run(encoder=Unresettable))


def test_fits_on_several_threads_are_the_same_fit() -> None:
    encoder, data = Mean(3, 4), graph()
    alone = numbers(run(encoder=encoder, data=data))
    state = torch.get_rng_state()
    with ThreadPoolExecutor(3) as pool:
        started = [pool.submit(run, encoder=encoder, data=data) for _ in range(3)]
        together = [future.result() for future in started]
    assert all(numbers(result) == alone for result in together)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_learns_whatever_mode_the_caller_is_in(mode: Any) -> None:
    data = graph()
    expected = numbers(run(data=data))
    with mode():
        assert numbers(run(data=data)) == expected


def test_leaves_no_gradient_with_the_callers_features() -> None:
    data = graph()
    expected = numbers(run(data=data))
    data.x.requires_grad_()
    assert numbers(run(data=data)) == expected
    assert data.x.grad is None and data.x.requires_grad


def test_what_hears_of_the_numbers_cannot_change_them() -> None:
    def spoil(epoch: int, row: dict[str, float]) -> None:
        row["valid"] = 0.0

    assert numbers(run(progress=spoil)) == numbers(run())
