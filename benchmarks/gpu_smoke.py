"""Whether everything runs on a CUDA device: every kernel, layer, task, a captured step.

Run: make gpu, or python benchmarks/gpu_smoke.py; --dry goes through the same steps on a CPU, in
Triton's interpreter, save what only a GPU has (streams, captured graphs).
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial

if "--dry" in sys.argv:
    os.environ["TRITON_INTERPRET"] = "1"  # read when triton's kernels are imported

import torch
from gpu_cases import HEADS, cases, error, run
from torch import Tensor
from torch_geometric.data import Data

from gnnlab import datasets, layers, ops, tasks
from gnnlab.datasets.values.masks import stratified
from gnnlab.ops import Adjacency
from gnnlab.tasks.contract import Task

NODES, EDGES, WIDTH = 9, 24, 8


def board(device: torch.device, nodes: int = NODES, edges: int = EDGES) -> Data:
    """A small graph without loops."""
    generator = torch.Generator().manual_seed(0)
    edge_index = torch.randint(nodes, (2, edges), generator=generator)
    edge_index = edge_index[:, edge_index[0] != edge_index[1]]
    x = torch.randn(nodes, 3, generator=generator)
    y = torch.randint(2, (nodes,), generator=generator)
    return Data(x=x.to(device), edge_index=edge_index.to(device), y=y.to(device))


def kernels(device: torch.device, dry: bool) -> dict[str, Callable[[], None]]:
    """Every operation beside the float64 reference."""
    data = board(device, *((NODES, EDGES) if dry else (2_000, 60_000)))
    adj = Adjacency(data.edge_index, data.num_nodes)

    def step(name: str) -> None:
        case = cases(adj, HEADS if dry else 64, device)[name]
        found = error(run(case, "triton", torch.float32), run(case, "torch", torch.float64))
        if not found < 1e-5:
            raise ValueError(f"differs from the float64 reference by {found:.1e}")

    names = cases(adj, HEADS, device)
    return {f"kernel {name}": lambda name=name: step(name) for name in names}  # type: ignore[misc]


def modules(device: torch.device) -> dict[str, Callable[[], None]]:
    """Every exported conv and encoder, forward and backward."""
    data = board(device)

    def conv(name: str) -> None:
        layer = getattr(layers, name)(3, WIDTH).to(device)
        finite(layer(data.x, data.edge_index), layer)

    def encoder(name: str) -> None:
        extra = {"num_nodes": data.num_nodes} if name == "ResNetAdj" else {}
        model = layers.find(name)(3, WIDTH, 2, dropout=0.5, **extra).to(device)
        finite(model(model.transform(data)), model)

    steps: dict[str, Callable[[], None]] = {}
    for name in sorted(layers.convs()):
        steps[f"layer {name}"] = lambda name=name: conv(name)  # type: ignore[misc]
    for name in sorted(layers.encoders()):
        steps[f"encoder {name}"] = lambda name=name: encoder(name)  # type: ignore[misc]
    return steps


def finite(y: Tensor, module: torch.nn.Module) -> None:
    """Raise unless the result and its gradients are numbers."""
    y.square().sum().backward()
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    if not all(bool(t.isfinite().all()) for t in (y, *grads)):
        raise ValueError("a number is not finite")


def node_task(device: torch.device, dry: bool) -> None:
    """A short fit on a Minesweeper board."""
    side = 5 if dry else 40
    data = datasets.minesweeper(rows=side, columns=side, splits=1)
    encoder = layers.GCN(data.num_features, WIDTH, 2)
    training = tasks.Training(lr=1e-2, epochs=2)
    result = tasks.fit(tasks.NodeClassification(), encoder, data, training, device=device)
    if not 0 <= result.test <= 1:
        raise ValueError(f"the test metric is {result.test}")


def many_graphs(device: torch.device, kind: str) -> None:
    """A short fit on batches of small graphs: their classes, labels or numbers, or their nodes'."""
    generator = torch.Generator().manual_seed(1)
    graphs = [board(torch.device("cpu")) for _ in range(24)]
    for number, data in enumerate(graphs):
        data.x = data.x + torch.randn(data.x.shape, generator=generator)
        if kind == "regression":
            data.y = torch.randn(1, 2, generator=generator)
        elif kind == "labels":
            data.y = torch.tensor([[number % 2, (number // 2) % 2]]).float()
        elif kind == "classes":
            data.y = torch.tensor([number % 2])
    masks = stratified(torch.arange(24) % 2, 1, (0.5, 0.25), 0)
    made = datasets.Graphs(tuple(graphs), masks, classes=2, name="boards")
    task: Task = tasks.NodeClassification(batch_size=5)
    if kind != "nodes":
        standard = kind == "regression"
        task = tasks.GraphPrediction(kind=kind, batch_size=5, standardise=standard)  # type: ignore[arg-type]
    training = tasks.Training(lr=1e-2, epochs=2, schedule="plateau")
    result = tasks.fit(task, layers.GCN(3, WIDTH, 2), made, training, device=device)
    if not result.test >= 0:
        raise ValueError(f"the test metric is {result.test}")


def compiled_step(device: torch.device) -> None:
    """torch.compile of a whole encoder equals the eager one."""
    data = board(device)
    model = layers.GATSep(3, WIDTH, 2, heads=2, dropout=0.0).to(device)
    expected = model(data)
    found = torch.compile(model, backend="aot_eager", fullgraph=True)(data)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def other_stream(device: torch.device) -> None:
    """The same bits on a stream of its own."""
    data = board(device, 3_000, 60_000)
    adj = Adjacency(data.edge_index, data.num_nodes)
    expected = ops.propagate(data.x, adj)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        found = ops.propagate(data.x, adj)
    torch.cuda.current_stream().wait_stream(stream)
    if not torch.equal(found, expected):
        raise ValueError("the bits differ")


def captured_step(device: torch.device) -> None:
    """A full-batch training step, dropout included, recorded as a CUDA graph and replayed."""
    data = board(device, 3_000, 60_000)
    model = layers.GCN(3, 64, 2, dropout=0.5, out_channels=2).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, capturable=True)

    def step() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(data), data.y)
        loss.backward()
        optimizer.step()
        return loss

    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):  # sorts the graph, tunes the kernels
            step()
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph := torch.cuda.CUDAGraph()):
        loss = step()
    seen = []
    for _ in range(5):
        graph.replay()
        seen.append(float(loss))
    if len(set(seen)) < 5 or not all(torch.isfinite(torch.tensor(seen))):
        raise ValueError(f"replays should differ and be finite, not {seen}")


def no_waiting(device: torch.device) -> None:
    """A warm forward and backward pass never waits for the device."""
    data = board(device, 3_000, 60_000)
    model = layers.GATSep(3, 64, 2, heads=4, dropout=0.5).to(device).train()

    def step() -> None:
        model(data).square().sum().backward()

    for _ in range(3):
        step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def steps(device: torch.device, dry: bool, only: list[str]) -> dict[str, Callable[[], None]]:
    found = {**kernels(device, dry), **modules(device)}
    found["task node"] = lambda: node_task(device, dry)
    for kind in ("classes", "labels", "nodes", "regression"):
        found[f"task of many graphs, {kind}"] = partial(many_graphs, device, kind)
    found["torch.compile"] = lambda: compiled_step(device)
    if not dry:
        found["another stream"] = lambda: other_stream(device)
        found["CUDA graph of a training step"] = lambda: captured_step(device)
        found["no waiting in a warm step"] = lambda: no_waiting(device)
    return {name: step for name, step in found.items() if any(word in name for word in only)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="tiny, on a CPU, interpreted")
    parser.add_argument("--only", nargs="*", default=[""], help="steps whose names contain one")
    options = parser.parse_args()
    if not options.dry and not torch.cuda.is_available():
        print("this needs a CUDA device, and torch sees none here: run it on a machine with an")
        print("NVIDIA GPU and a CUDA build of torch; --dry runs the steps on a CPU, interpreted")
        return 2
    device = torch.device("cpu" if options.dry else "cuda")
    failed = 0
    with ops.use("triton" if options.dry else "auto"):
        for name, step in steps(device, options.dry, options.only).items():
            try:
                step()
                print(f"{'ok':8}{name}", flush=True)
            except Exception:
                failed += 1
                print(f"{'FAILED':8}{name}\n{traceback.format_exc()}", flush=True)
    print(f"{failed} failed" if failed else "all ran")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
