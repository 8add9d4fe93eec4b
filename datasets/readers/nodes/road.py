"""Road networks: crossings as nodes, with features of the roads that meet there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gnnlab.datasets.catalogue.records import Record
from gnnlab.datasets.features.eccentricity_labels import equal_shares, hop_eccentricity
from gnnlab.datasets.files.bounds import check_room
from gnnlab.datasets.files.damage import Damaged, damaged
from gnnlab.datasets.files.mat import SparseMatrix, read_mat
from gnnlab.datasets.readers.nodes.tntp import read_links, read_places
from gnnlab.datasets.readers.raw import Open, RawGraph
from gnnlab.datasets.values.edge_lists import both_directions, largest_component

RADIUS = 16  # hops of the eccentricity
CLASSES = 10
EARTH = 6371.0  # kilometres
NUMBERS = ("length", "capacity", "free_flow_time", "speed")
"""Columns of a TNTP table that are numbers; of them come means, of its last column shares."""


@dataclass(frozen=True, eq=False)
class Roads:
    """One-way roads between places, both numbered from 0.

    Args:
        place: (N, 2) coordinates.
        ends: (L, 2) int64.
        about: (L, A) what is known of each road, its length first.
    """

    place: np.ndarray
    ends: np.ndarray
    about: np.ndarray


def read(record: Record, open_file: Open) -> RawGraph:
    """Read the largest connected component of the roads, as an undirected graph.

    A node's features are its coordinates, its number of neighbours, and the means over the roads
    that meet there of length, capacity, free flow time, speed, type (one column for each in the
    file's last column) and whether the road is one-way, each column with mean 0 and variance 1. Of
    Minnesota the file says no more than lengths can be made of. Centres of zones and the links
    that tie them to roads are left out: they are no places that a road passes.

    The label is what the catalogue's option says: ``eccentricity``, or ``local``.

    Source:
        https://github.com/bstabler/TransportationNetworks and, for Minnesota,
        https://github.com/epfl-lts2/pygsp. Features and label ``eccentricity`` after Liang et al.,
        "Towards Quantifying Long-Range Interactions in Graph Machine Learning", 2025
        (https://arxiv.org/abs/2503.09008); there features are not scaled.
    """
    paths = [open_file(file) for file in record.files]
    roads = _minnesota(paths[0]) if paths[0].suffix == ".mat" else _network(*paths)
    roads = _largest(roads)
    pairs, about = undirected_means(roads.ends, roads.about)
    edge_index = torch.from_numpy(np.concatenate([pairs, pairs[:, ::-1]]).T.copy())
    twice = torch.from_numpy(about).repeat(2, 1)
    nodes = len(roads.place)
    meeting = means(twice, edge_index[1], nodes)
    degree = torch.bincount(edge_index[1], minlength=nodes).double()[:, None]
    x = torch.cat([torch.from_numpy(roads.place), degree, meeting], dim=1)
    y = LABELS[record.options["label"]](edge_index, twice[:, 0], meeting[:, 0])
    return RawGraph(standardised(x).float(), edge_index[:, : len(pairs)], y)


def far_label(edge_index: Tensor, length: Tensor, mean_length: Tensor) -> Tensor:
    """The decile of the eccentricity within 16 hops: :func:`gnnlab.datasets.hop_eccentricity`."""
    return equal_shares(hop_eccentricity(edge_index, len(mean_length), length, RADIUS), CLASSES)


def near_label(edge_index: Tensor, length: Tensor, mean_length: Tensor) -> Tensor:
    r"""The decile of a mean over the node and its neighbours of a feature they have.

    .. math:: \frac{1}{1 + |N(v)|} \sum_{u \in N(v) \cup \{v\}} \bar\ell_u

    with the mean length of the roads that meet at u: all that this needs lies one hop away.
    """
    nodes = len(mean_length)
    loops = torch.arange(nodes).repeat(2, 1)
    source, target = torch.cat([edge_index, loops], dim=1)
    return equal_shares(means(mean_length[source, None], target, nodes)[:, 0], CLASSES)


LABELS = {"eccentricity": far_label, "local": near_label}


def means(values: Tensor, group: Tensor, groups: int) -> Tensor:
    """Mean rows of ``values`` (E, A) by group (E,): (groups, A); each group has a row."""
    sums = values.new_zeros(groups, values.shape[1]).index_add(0, group, values)
    return sums / torch.bincount(group, minlength=groups)[:, None]


def undirected_means(ends: np.ndarray, about: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merge the rows between the same two nodes: pairs (M, 2), and the means of their values.

    A last column says whether all rows of a pair lead the same way.
    """
    ends, about = ends[ends[:, 0] != ends[:, 1]], about[ends[:, 0] != ends[:, 1]]
    ordered = np.sort(ends, axis=1)
    pairs, pair = np.unique(ordered, axis=0, return_inverse=True)
    forwards = (ends[:, 0] == ordered[:, 0]).astype(np.float64)
    every = np.column_stack([about, forwards])
    sums = np.zeros((len(pairs), every.shape[1]))
    np.add.at(sums, pair.reshape(-1), every)
    sums /= np.bincount(pair.reshape(-1))[:, None]
    sums[:, -1] = (sums[:, -1] == 0) | (sums[:, -1] == 1)
    return pairs, sums


def standardised(x: Tensor) -> Tensor:
    """Columns with mean 0 and variance 1; a constant column becomes 0."""
    centred = x - x.mean(0)
    spread = centred.square().mean(0).sqrt()
    # What rounding leaves of a constant column is no variance.
    constant = spread <= 1e-9 * x.abs().amax(0)
    return torch.where(constant, 0.0, centred / spread.where(~constant, 1.0))


def _network(links_file: Path, places_file: Path) -> Roads:
    links = read_links(links_file)
    numbers, places = read_places(places_file)
    roads = (links.ends > links.zones).all(1)
    ends = links.ends[roads]
    used, node = np.unique(ends, return_inverse=True)
    order = np.argsort(numbers)
    row = order[np.searchsorted(numbers, used, sorter=order).clip(max=len(numbers) - 1)]
    if not np.array_equal(numbers[row], used):
        stranger = int(used[numbers[row] != used][0])
        raise Damaged(f"{links_file} names node {stranger}, which {places_file.name} lacks")
    if absent := [name for name in NUMBERS if name not in links.columns]:
        raise damaged(links_file, "a TNTP network", f"it has no column {absent[0]}")
    kind = list(links.columns.values())[-1][roads]
    check_room(links_file, len(kind), len(np.unique(kind)), bytes_each=8)
    kinds = (kind[:, None] == np.unique(kind)).astype(np.float64)
    about = np.column_stack([*(links.columns[name][roads] for name in NUMBERS), kinds])
    return Roads(places[row], node.reshape(ends.shape), about)


def _minnesota(path: Path) -> Roads:
    """Roads without lengths: those of great circles between the coordinates stand for them."""
    content = read_mat(path, ("A", "xy"))
    matrix, place = content["A"], content["xy"]
    if not isinstance(matrix, SparseMatrix) or not isinstance(place, np.ndarray):
        raise damaged(path, "a MATLAB file with A and xy", "A is not sparse")
    if place.ndim != 2 or place.shape[1] != 2 or matrix.shape != (len(place),) * 2:
        told = f"A is of {matrix.shape} and xy of {place.shape}"
        raise damaged(path, "a network with two coordinates of every node", told)
    place = place.astype(np.float64)
    ends = np.stack([matrix.rows, matrix.columns], axis=1)
    length = great_circles(place[ends[:, 0]], place[ends[:, 1]])
    return Roads(place, ends, length[:, None])


def great_circles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Kilometres between longitudes and latitudes (L, 2) in degrees: (L,)."""
    (lon_a, lat_a), (lon_b, lat_b) = np.radians(a).T, np.radians(b).T
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half += np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    distance: np.ndarray = 2 * EARTH * np.arcsin(np.sqrt(half))
    return distance


def _largest(roads: Roads) -> Roads:
    nodes = len(roads.place)
    edges = both_directions(torch.from_numpy(roads.ends.T.copy()), nodes)
    inside = largest_component(edges, nodes).numpy()
    number = np.cumsum(inside) - 1
    kept = inside[roads.ends[:, 0]]
    return Roads(roads.place[inside], number[roads.ends[kept]], roads.about[kept])
