"""One list of operations: every backend's function of a name computes what the reference's does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from inspect import signature
from types import ModuleType
from typing import Any

import pytest
import torch

from gnnlab.ops import use
from gnnlab.ops.backends import table
from gnnlab.ops.backends.table import OPERATIONS, Kernels, Operation, kernel
from gnnlab.ops.base.choice import PEERS
from gnnlab.ops.functions import chosen

BACKENDS = "gnnlab.ops.backends"


def parameters(function: Any) -> list[str]:
    return list(signature(function).parameters)


DERIVED = sorted(
    name for name, own in OPERATIONS.items() if find_spec(f"gnnlab.ops.autograd.{own.family}")
)
"""Operations with kernels whose derivatives are ours; any other one is its formula."""


@pytest.mark.parametrize("name", DERIVED)
def test_derivatives_take_the_arguments_of_the_reference(name: str) -> None:
    operation = OPERATIONS[name]
    derived = getattr(import_module(f"gnnlab.ops.autograd.{operation.family}"), name)
    first, *rest = parameters(derived)
    assert first == "kernels"
    if not operation.composed:
        reference = import_module(f"{BACKENDS}.reference.{operation.family}")
        assert rest == parameters(getattr(reference, name))


@pytest.mark.parametrize("peer", sorted(PEERS))
def test_other_packages_take_the_arguments_of_the_reference(peer: str) -> None:
    module = import_module(f"{BACKENDS}.{PEERS[peer]}")
    own = [name for name in OPERATIONS if hasattr(module, name)]
    assert {"propagate", "gcn_propagate"} <= set(own)
    for name in own:
        reference = import_module(f"{BACKENDS}.reference.{OPERATIONS[name].family}")
        assert parameters(getattr(module, name)) == parameters(getattr(reference, name))


@pytest.mark.parametrize("device", ["cpu", "triton"])
def test_every_derived_operation_has_kernels_on_a_device(device: str) -> None:
    pytest.importorskip("numba" if device == "cpu" else "triton")
    for name in DERIVED:
        missing = device == "triton" and name == "lstm_step"
        assert (table._own(device, OPERATIONS[name]) is None) == missing


def test_an_operation_without_derivatives_of_ours_is_its_formula() -> None:
    for name in OPERATIONS.keys() - set(DERIVED):
        family = OPERATIONS[name].family
        assert table.found("cpu", name) is not None
        assert callable(getattr(import_module(f"{BACKENDS}.reference.{family}"), name))


def test_what_does_not_serve_is_told_in_a_sentence() -> None:
    pytest.importorskip("numba")
    cpu, half = Kernels("cpu"), torch.zeros(3, 70, dtype=torch.float16)
    assert cpu.why_not("pair_sums", half.float()) is None
    assert "torch.float16" in str(cpu.why_not("pair_sums", half))
    assert "70 columns" in str(cpu.why_not("gcn_steps", half.float()))
    assert cpu.why_not("gcn_steps", half[:, :9].float()) is None
    assert "torch.float64" in str(cpu.why_not("lstm", [half.double()], None))
    assert "no triton kernels of the family 'lstm'" in str(Kernels("triton").why_not("lstm"))
    with pytest.raises(AttributeError, match="no cpu kernels of the family 'knots'"):
        _ = cpu.knots


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A way to add an operation's file to a backend."""

    def add(backend: str, function: Any) -> None:
        module = ModuleType(f"{BACKENDS}.{backend}.negated")
        module.__spec__ = ModuleSpec(module.__name__, None)
        module.negated = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        forget()

    def forget() -> None:
        for known in (table.found, table._kernels, table._file):
            known.cache_clear()

    monkeypatch.setitem(OPERATIONS, "negated", Operation("negated", "negated"))
    yield add
    forget()


def test_an_operation_is_a_line_and_a_reference_and_an_accelerator_a_file_more(added: Any) -> None:
    pytest.importorskip("numba")
    x = torch.ones(3)
    added("reference", lambda x: -x)
    for backend in ("torch", "auto"):
        with use(backend):
            assert torch.equal(kernel("negated", x)(x), -x)
    added("cpu", lambda x: -2 * x)
    assert torch.equal(kernel("negated", x)(x), -2 * x)
    with use("torch"):
        assert torch.equal(kernel("negated", x)(x), -x)


def test_an_operation_without_an_operator_is_refused_while_tracing(added: Any) -> None:
    added("reference", lambda x: -x)
    torch._dynamo.reset()
    with pytest.raises(Exception, match="no operator for 'negated'"):
        torch.compile(lambda x: chosen.kernel("negated", x)(x), backend="eager")(torch.ones(3))


def test_only_the_families_that_run_are_loaded() -> None:
    code = f"""
import sys, torch
from gnnlab import ops
ops.propagate(torch.ones(3, 2), torch.tensor([[0, 1], [1, 2]]))
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("{BACKENDS}.cpu.")
      and ".loops." not in name))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "propagate" in done.stdout.split()
    assert not {"attend", "lstm", "pair_sums", "softmax"} & set(done.stdout.split())
