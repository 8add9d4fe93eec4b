"""Random wrong calls of every public function of ``gnnlab.ops``, one a case; see test_ops.py."""

from __future__ import annotations

import copy
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from linecache import getline
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from children import OURS
from ops_maker import Maker
from ops_right import of_nodes, of_others
from torch import Tensor

from gnnlab.ops import Adjacency, NeighborLists, Pairs, Relation, SparseFeatures

AUTOGRAD = str(Path("torch", "autograd", "graph.py"))
FAR = (-1, 10**9, -(10**9), 2**31, 2**40, -(2**63), 2**63 - 1)


def things() -> tuple[Any, ...]:
    """What is no argument of anything, made anew: a case may change it."""
    return (
        None,
        True,
        -1,
        0,
        1,
        7,
        2**40,
        2**70,
        1.5,
        float("nan"),
        float("inf"),
        "3",
        "sum",
        "",
        b"x",
        [],
        [1],
        (1, 2),
        {},
        {"uL": 1},
        np.zeros(3),
        np.zeros((2, 3), np.int64),
        object(),
        int,
        torch.float32,
        torch.tensor(1),
        torch.zeros(0),
        torch.ones(3, dtype=torch.complex64),
        torch.eye(3).to_sparse(),
        torch.eye(3).to_sparse_csr(),
        torch.empty(2, 3, device="meta"),
        torch.zeros((2, 3), dtype=torch.int64),
    )


def call(case: int) -> str:
    """Make a right call, spoil it, make it, change what was given and gotten, and go backward."""
    warnings.simplefilter("ignore")
    rng = Random(case)
    torch.manual_seed(case)
    maker = Maker(rng)
    calls = {**of_nodes(maker), **of_others(maker)}
    name = rng.choice(sorted(calls))
    function, given = calls[name]()
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        key = rng.choice(sorted(given))
        given[key] = spoiled(rng, given[key])
    return f"{name}: {_called(rng, function, given)}"


def _called(rng: Random, function: Callable[..., Any], given: dict[str, Any]) -> str:
    found = ours(lambda: function(**given))
    if rng.random() < 0.2:
        found = ours(lambda: copied(rng, found))
    changed = rng.random() < 0.5
    if changed:
        for tensor in handed_out([found, *given.values()]):
            if rng.random() < 0.5:
                edited(rng, tensor)
    total = [t for t in handed_out(found) if t.requires_grad]
    if total:
        ours(lambda: backward(total), changed)
    return "backward" if total else "forward"


def ours(work: Callable[[], Any], changed: bool = False) -> Any:
    """Let through what is raised by a ``raise`` of ours.

    Where tensors were changed in place, autograd itself may say that it has seen it.
    """
    try:
        return work()
    except (MemoryError, AssertionError):
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        seen = last.filename.endswith(AUTOGRAD) or "modified by an inplace" in str(error)
        if changed and seen:
            return None
        if "Inference tensors cannot be saved" in str(error):
            return None  # torch says so of a product of its own; those of ours have a sentence
        line = getline(last.filename, last.lineno or 0).strip()
        if last.filename.startswith(OURS) and line.startswith("raise "):
            raise
        shown = f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"
        raise AssertionError(shown[:400]) from error


def backward(found: list[Tensor]) -> None:
    with torch.no_grad():
        grads = [torch.ones_like(tensor) for tensor in found]
    torch.autograd.backward(found, grads, retain_graph=False)


def copied(rng: Random, found: Any) -> Any:
    if isinstance(found, Adjacency | SparseFeatures | Pairs):
        way = rng.randrange(3)
        if way == 0:
            return copy.copy(found)
        return copy.deepcopy(found) if way == 1 else pickle.loads(pickle.dumps(found))
    return found


def handed_out(thing: Any) -> list[Tensor]:
    """The tensors that a caller can lay hands on."""
    if isinstance(thing, Tensor):
        return [thing]
    if isinstance(thing, Adjacency):
        parts: list[Any] = [thing.rowptr, thing.col, thing.order]
        return [*parts, thing.edge_index] if thing.num_sources == thing.num_nodes else parts
    if isinstance(thing, SparseFeatures):
        return [thing.rowptr, thing.col, thing.values]
    if isinstance(thing, Pairs):
        return [thing.u, thing.v, *map(torch.from_numpy, thing.layout), *handed_out(thing.adj)]
    if isinstance(thing, NeighborLists | Relation) or is_dataclass(thing):
        return [t for field in fields(thing) for t in handed_out(getattr(thing, field.name))]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return (
        [t for part in thing for t in handed_out(part)] if isinstance(thing, list | tuple) else []
    )


def edited(rng: Random, tensor: Tensor) -> None:
    """Change it in place, as far as torch and numpy let it."""
    if tensor._is_zerotensor():
        return  # torch itself dies of resizing one, which has no memory
    value = rng.choice(FAR) if not tensor.is_floating_point() else rng.choice([1e30, float("nan")])
    if tensor.dtype == torch.int32:
        value = max(min(value, 2**31 - 1), -(2**31))
    ways: tuple[Callable[[], Any], ...] = (
        lambda: tensor.detach().fill_(value),
        lambda: np.copyto(tensor.detach().numpy(), value),
        lambda: setattr(tensor, "data", torch.zeros(rng.randrange(3), dtype=tensor.dtype)),
        lambda: tensor.detach().set_(torch.zeros(2, dtype=tensor.dtype)),
        lambda: tensor.data.resize_(rng.randrange(3)),
        lambda: tensor.resize_(rng.randrange(3), 2),
        lambda: (
            torch.full((), 0, dtype=tensor.dtype).expand(tensor.shape).add_(tensor.data).add_(1)
        ),
    )
    try:
        with torch.no_grad():
            rng.choice(ways)()
    except Exception:
        return


def spoiled(rng: Random, value: Any) -> Any:
    """Another argument in its place, most often one that is nearly right."""
    if rng.random() < 0.2:
        return rng.choice(things())
    if isinstance(value, Tensor) and value.layout == torch.strided:
        return _tensor(rng, value)
    if isinstance(value, list | tuple) and value and rng.random() < 0.7:
        parts = list(value)
        place = rng.randrange(len(parts))
        parts[place] = spoiled(rng, parts[place])
        return parts[: rng.randrange(len(parts) + 1)] if rng.random() < 0.2 else parts
    if isinstance(value, dict) and value:
        return {key: spoiled(rng, part) for key, part in value.items()}
    if isinstance(value, NeighborLists):
        parts = {f: getattr(value, f) for f in ("rowptr", "node", "num_nodes", "weight")}
        key = rng.choice(sorted(parts))
        return NeighborLists(**{**parts, key: spoiled(rng, parts[key])})
    if isinstance(value, Adjacency):
        return Adjacency(value.edge_index, value.num_nodes + rng.randint(1, 3))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return rng.choice([-1, 0, 1, 2, 2**40, 2**70, -(2**63), 0.5, 1e308, float("nan"), True])
    return rng.choice(things())


def _tensor(rng: Random, t: Tensor) -> Any:
    whole = not t.is_floating_point()
    ways: list[Callable[[], Any]] = [
        lambda: t.detach().to(
            rng.choice([torch.int32, torch.int64, torch.uint8, torch.bool, torch.float16])
        ),
        lambda: t.detach().to(rng.choice([torch.float32, torch.float64, torch.complex64])),
        lambda: t.detach().to(torch.float8_e4m3fn),
        lambda: t.detach().unsqueeze(0),
        lambda: t.detach().flatten(),
        lambda: t.detach()[:-1],
        lambda: torch.cat([t.detach(), t.detach()]),
        lambda: t.detach()[..., :-1],
        lambda: t.detach().new_empty((0, *t.shape[1:])),
        lambda: t.detach()[:1].expand_as(t),
        lambda: t.detach().T if t.dim() > 1 else t.detach().flip(0),
        lambda: t.detach().repeat_interleave(2, -1)[..., ::2],
        lambda: t.detach().to("meta"),
        lambda: _inference(t),
        lambda: torch.complex(t.detach().float(), t.detach().float()).conj().imag,
        lambda: torch._efficientzerotensor(t.shape),
        lambda: t.detach().numpy(),
        lambda: t.tolist(),
        lambda: torch.nn.Parameter(t.detach(), requires_grad=t.is_floating_point()),
        lambda: t.detach().as_subclass(_Sub),
        lambda: t.detach().to_sparse(),
        lambda: torch.func.functionalize(lambda a: a)(t.detach()),
    ]
    if whole and t.numel():
        ways += [lambda: _with(rng, t, rng.choice(FAR))] * 12
    elif t.numel():
        ways += [lambda: _with(rng, t, rng.choice([float("nan"), float("inf"), -1e38]))] * 3
    try:
        return rng.choice(ways)()
    except Exception:
        return t


def _with(rng: Random, t: Tensor, value: Any) -> Tensor:
    other = t.detach().clone()
    other.view(-1)[rng.randrange(t.numel())] = value
    return other.requires_grad_(t.requires_grad)


def _inference(t: Tensor) -> Tensor:
    with torch.inference_mode():
        return t.detach().clone()


class _Sub(Tensor):
    """A subclass that changes nothing."""


if __name__ == "__main__":  # python tests/fuzz/ops_calls.py FIRST STOP: counts and what is bad
    import children

    start, stop = map(int, sys.argv[1:3])
    for begin in range(start, stop, 250):
        cases = range(begin, min(begin + 250, stop))
        outcomes = children.run("ops_calls:call", cases, seconds=60)
        print(begin, children.counts(outcomes), *children.bad(outcomes), sep="\n", flush=True)
