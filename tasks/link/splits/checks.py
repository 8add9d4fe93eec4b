"""Checks of a link split: pairs that are malformed or leak are refused, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gnnlab.contracts.described import described, way_to_columns
from gnnlab.core.arguments import check_count
from gnnlab.structure.graphs.node_kinds import check_node_kinds, joined_kinds
from gnnlab.structure.graphs.pair_keys import Array, among, arc_keys, pair_keys, union

if TYPE_CHECKING:
    from gnnlab.tasks.link.splits.parts import LinkParts

HELD_OUT = ("valid", "test")
POSITIVES = ("train_positive", "valid_positive", "test_positive")
NEGATIVES = ("train_negative", "valid_negative", "test_negative")


def check_split(split: LinkParts) -> None:
    """Refuse a split that is malformed or that leaks; see :class:`gnnlab.tasks.LinkSplit`."""
    check_count("num_nodes", split.num_nodes)
    for name in ("message_edge_index", *POSITIVES, *NEGATIVES):
        _check_pairs(split, name)
    for name in POSITIVES:
        if not getattr(split, name).numel():
            raise ValueError(
                f"{name} is empty, and a split without it trains or judges nothing: draw a larger "
                "share, or take a larger graph"
            )
    for part in HELD_OUT:
        _check_negatives(split, part)
    if split.undirected:
        _check_both_directions(split)
    if split.kinds is not None:
        _check_kinds(split)
    if not split.as_published:
        _check_repeats(split)
        _check_leaks(split)


def keys_of(split: LinkParts, names: Sequence[str]) -> Array:
    """The keys of pairs by the names of their fields, ascending, each once."""
    return union(
        *(pair_keys(getattr(split, name).numpy(), split.num_nodes).reshape(-1) for name in names)
    )


def check_pairs(name: str, pairs: Any, num_nodes: int, loops: bool = False) -> None:
    """Refuse pairs that are no int64 (2, P) of nodes that are there.

    Args:
        loops: whether a node may be paired with itself.

    Raises:
        ValueError: one sentence.
    """
    if not isinstance(pairs, Tensor) or pairs.dim() < 2 or pairs.shape[0] != 2:
        raise ValueError(
            f"{name} is {described(pairs)}, but pairs are a tensor (2, P), row 0 the source: "
            f"{way_to_columns(pairs)}"
        )
    if pairs.dtype != torch.int64:
        raise ValueError(f"{name} holds {pairs.dtype}, but node numbers are int64: use .long()")
    if not pairs.numel():
        return
    low, high = (int(end) for end in pairs.aminmax())
    if low < 0 or high >= num_nodes:
        bad = low if low < 0 else high
        raise ValueError(
            f"{name} names node {bad}, but the graph has {num_nodes} nodes, numbered from 0: drop "
            "the pair or give the graph that it is of"
        )
    if not loops and bool((same := pairs[0] == pairs[1]).any()):
        node = int(pairs[0][same][0])
        raise ValueError(
            f"{name} holds the pair of node {node} with itself ({int(same.sum())} such pairs in "
            "all), which is no link: drop them"
        )


def _check_pairs(split: LinkParts, name: str) -> None:
    pairs = getattr(split, name)
    check_pairs(name, pairs, split.num_nodes, loops=split.as_published and name in NEGATIVES)
    own = name in NEGATIVES[1:] and pairs.dim() == 3
    if pairs.dim() != 2 and not own:
        wanted = "(2, Q) or (2, P, K)" if name in NEGATIVES[1:] else "(2, P)"
        raise ValueError(f"{name} is {tuple(pairs.shape)}, but it must be {wanted}: reshape it")


def _check_negatives(split: LinkParts, part: str) -> None:
    negative, positives = getattr(split, f"{part}_negative"), getattr(split, f"{part}_positive")
    if not negative.numel():
        raise ValueError(
            f"{part}_negative is empty, so there is nothing to rank the positives against: draw "
            "some with LinkSplit.random, or give them"
        )
    if negative.dim() == 3 and negative.shape[1] != positives.shape[1]:
        raise ValueError(
            f"{part}_negative has rows for {negative.shape[1]} positives, but {part}_positive "
            f"holds {positives.shape[1]}: give each its own"
        )


def _check_kinds(split: LinkParts) -> None:
    """Refuse negatives of kinds of nodes that no link joins."""
    kinds = check_node_kinds("kinds", split.kinds, split.num_nodes)
    links = [split.message_edge_index, *(getattr(split, name) for name in POSITIVES)]
    joined = joined_kinds(kinds, torch.cat(links, dim=1))
    for name in NEGATIVES:
        pairs = getattr(split, name)
        if pairs.numel() and not bool(torch.isin(joined_kinds(kinds, pairs), joined).all()):
            raise ValueError(
                f"{name} holds a pair of nodes of kinds that no link joins, which its kinds tell "
                "from every link: draw negatives across kinds, or leave kinds out"
            )


def _check_both_directions(split: LinkParts) -> None:
    edges = split.message_edge_index.numpy()
    ahead = np.unique(arc_keys(edges, split.num_nodes))
    back = np.unique(arc_keys(edges[::-1], split.num_nodes))
    alone = ahead[~among(ahead, back)]
    if len(alone):
        source, target = divmod(int(alone[0]), split.num_nodes)
        raise ValueError(
            f"message_edge_index holds {source} -> {target} but not {target} -> {source}, and the "
            "split is of an undirected graph: add the reverse edges, or say undirected=False"
        )


def _check_repeats(split: LinkParts) -> None:
    for name in (*POSITIVES, *NEGATIVES):
        pairs = getattr(split, name).numpy()
        if pairs.ndim == 3:
            continue
        make = pair_keys if split.undirected else arc_keys
        keys = np.sort(make(pairs, split.num_nodes))
        again = keys[1:][keys[1:] == keys[:-1]]
        if len(again):
            first, second = divmod(int(again[0]), split.num_nodes)
            raise ValueError(
                f"{name} holds the pair ({first}, {second}) more than once ({len(again)} repeats "
                "in all), which would count it twice: give each pair once"
            )


def _check_leaks(split: LinkParts) -> None:
    """No held-out positive may be read or be in two parts, and no negative may be a link."""
    message = keys_of(split, ("message_edge_index",))
    known = message
    for name, others in zip(POSITIVES, ("", "train", "train or validation"), strict=True):
        own = keys_of(split, (name,))
        if name != "train_positive":
            _refuse_shared(split, name, own, message, "among the message edges")
            before = keys_of(split, POSITIVES[: POSITIVES.index(name)])
            _refuse_shared(split, name, own, before, f"among the positives of {others}")
        known = union(known, own)
    for name in NEGATIVES:
        own = keys_of(split, (name,))
        _refuse_shared(split, name, own, known, "a link of the graph")


def _refuse_shared(split: LinkParts, name: str, own: Array, others: Array, told: str) -> None:
    both = own[among(own, others)]
    if len(both):
        first, second = divmod(int(both[0]), split.num_nodes)
        raise ValueError(
            f"{name} holds the pair ({first}, {second}), which is {told} ({len(both)} such pairs "
            "in all): take it out of one of them (as_published=True keeps and counts what a "
            "published split has of these)"
        )
