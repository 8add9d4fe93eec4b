"""Data of a run: loaded, corrupted where settings say so, rewired and encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.encoders import encoded
from gnnlab.runner.settings.given import NOTHING, Given
from gnnlab.runner.settings.link_splits import message_graph
from gnnlab.runner.settings.own import TASK
from gnnlab.runner.settings.resolve import find_task
from gnnlab.runner.settings.rewirings import find_rewiring
from gnnlab.runner.settings.transforms import OwnTransform

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.datasets import Graphs, Stress


def load_data(config: Config, given: Given = NOTHING) -> Data | Graphs:
    """Load the data with the edges that ``stress`` gets wrong, rewire and encode them.

    What was found is kept on disk and reused. Data for links are left as they are: rewirings and
    encodings see what :func:`of_split` leaves of the edges.

    Raises:
        ValueError: one graph for a task on many, or the reverse; what the rewiring refuses.
    """
    from gnnlab import datasets
    from gnnlab.tasks.shared.listed import listed_tasks

    data = datasets.load(**config.data) if given.data is None else given.data
    many = isinstance(data, datasets.Graphs)
    fitting = [name for name, task in listed_tasks().items() if task.fits(data)]
    if not find_task(config.task["name"]).fits(data):
        usual = TASK if TASK in fitting else fitting[0]
        kind, other = ("a set of graphs", fitting[0]) if many else ("one graph", usual)
        raise ValueError(
            f"{config.data['name']} is {kind}, but task.name is {config.task['name']}: set "
            f"task.name={other} or name other data"
        )
    if config.stress:
        data = _stress(config, data).graphs(data)
    return data if splits_links(config, data) else _rewired(config, data, given)


def splits_links(config: Config, data: Data | Graphs) -> bool:
    """Whether links are told, and those of one graph, which are split before anything else; sets of
    graphs come with their pairs."""
    from gnnlab import datasets

    many = isinstance(data, datasets.Graphs)
    return find_task(config.task["name"]).splits_links and not many


def of_split(
    config: Config, data: Data | Graphs, split: int, given: Given = NOTHING
) -> Data | Graphs:
    """What one split makes of the data: harder training graphs, or a graph without its held-out
    links, rewired and encoded after that."""
    if splits_links(config, data):
        graph = message_graph(config.task.get("links", {}), data, split)
        return _rewired(config, graph, given)
    return stressed(config, data, split)


def _rewired(config: Config, data: Data | Graphs, given: Given) -> Data | Graphs:
    from gnnlab import datasets, rewiring

    many = isinstance(data, datasets.Graphs)
    method = find_rewiring(config.rewiring) if given.rewiring is None else None
    if given.rewiring is not None:
        method = OwnTransform(given.rewiring, config.rewiring)
    found = graphs = data if many else [data]
    if isinstance(method, OwnTransform):
        found = method.apply(graphs)
    elif method is not None:
        found = rewiring.apply(method, graphs)
    if "encoding" in config.model:
        found = encoded(config.model, found)
    if found is graphs:
        return data
    return data.with_graphs(found) if many else found[0]


def stressed(config: Config, data: Data | Graphs, split: int) -> Data | Graphs:
    """Make one split's training graphs harder to learn from, as ``stress`` says."""
    return _stress(config, data).training(data, split) if config.stress else data


def told(stress: Mapping[str, Any]) -> str:
    """Write down what makes data harder.

    Example:
        >>> told({"labels": 0.2, "shots": 5, "seed": 0})
        'labels 0.2, shots 5'
    """
    return ", ".join(f"{key} {value}" for key, value in stress.items() if key != "seed" or value)


def _stress(config: Config, data: Any) -> Stress:
    from gnnlab import datasets

    if not isinstance(data, datasets.Graphs) or not config.stress:
        raise ValueError(
            f"stress is {config.stress}, but {config.data['name']} is one graph: it is for sets of "
            "graphs, leave it out"
        )
    return datasets.Stress(**config.stress)
