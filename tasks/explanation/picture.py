"""Pictures of explanations as SVG: a graph with edges by weight, a molecule with coloured atoms."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import torch
from torch import Tensor

from gnnlab.contracts.described import described
from gnnlab.core.arguments import check_count
from gnnlab.kernels.arrays import Array
from gnnlab.tasks.explanation.explanation import Explanation
from gnnlab.tasks.explanation.layout_2d import of_smiles, places
from gnnlab.tasks.explanation.reverse_arcs import reverse_arcs

SIDE, MARGIN = 46.0, 30.0
"""Pixels between neighbours, and around the drawing."""
FOR, AGAINST = (31, 119, 180), (214, 69, 65)
"""Blue of what speaks for the prediction, red of what speaks against it."""
TEXT = "font-family='sans-serif' font-size='12' text-anchor='middle' dominant-baseline='central'"


class Picture(str):
    """An SVG as a string, which notebooks show."""

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> None:
        """Write it into a file."""
        Path(path).write_text(self, encoding="utf-8")


def picture(
    explanation: Explanation, count: int | None = 30, names: Sequence[str] | None = None
) -> Picture:
    """Draw the most important edges and their ends: the wider and darker, the more important.

    Blue speaks for the prediction, red against it. The node that is explained has a dark rim. Nodes
    are coloured by the mask of nodes, where it has a row for each.

    Args:
        explanation: with a mask of edges.
        count: edges, both directions counted as one; None draws all.
        names: what to write on the nodes, (N,); their numbers by default.

    Raises:
        ValueError: no mask of edges, more nodes than can be shown.
    """
    chosen = _strongest(explanation, count)
    index: Tensor = explanation.data.edge_index
    roots = list(explanation.pair or ([] if explanation.node is None else [explanation.node]))
    nodes = torch.cat([index[:, chosen].flatten(), torch.tensor(roots, dtype=torch.int64)])
    nodes = torch.unique(nodes)
    texts = [str(node) if names is None else str(names[node]) for node in nodes.tolist()]
    ends = torch.searchsorted(nodes, index[:, chosen])
    where = places(ends, len(nodes))
    atoms = _shares(explanation, of_edges=False)
    rims = {int(torch.searchsorted(nodes, root)) for root in roots}
    colours = None if atoms is None else atoms[nodes]
    return _drawn(where, ends, _scaled(explanation.edges()[chosen]), colours, texts, rims)


def molecule_picture(
    explanation: Explanation, symbols: Sequence[str], smiles: str | None = None
) -> Picture:
    """Draw a molecule with every atom coloured by how important it is.

    Atoms take their colour from the mask of nodes where it has a row for each, and else from the
    bonds that they have. Carbon is left without a letter, as chemists do.

    Args:
        explanation: of a graph of atoms and bonds.
        symbols: of the atoms, (N,).
        smiles: of the molecule, whose places are drawn where RDKit is installed and counts the same
            atoms in the same order; else the layout is made from the bonds.

    Raises:
        ValueError: another number of symbols than there are atoms.
    """
    index: Tensor = explanation.data.edge_index
    atoms = int(explanation.data.num_nodes or 0)
    if isinstance(symbols, str) or len(symbols) != atoms:
        raise ValueError(
            f"symbols is {described(symbols)} of {len(symbols)}, but the graph has {atoms} atoms: "
            "give a list with the symbol of each"
        )
    once = torch.arange(index.shape[1])
    once = once[once <= reverse_arcs(index).cpu()]
    found = None if smiles is None else of_smiles(smiles, atoms)
    where = places(index[:, once], atoms) if found is None else found
    mask = explanation.edge_mask
    bonds = torch.zeros(len(once)) if mask is None else _scaled(mask)[once]
    colours = _shares(explanation, of_edges=True)
    texts = ["" if symbol == "C" else symbol for symbol in symbols]
    return _drawn(where, index[:, once], bonds, colours, texts, set())


def _strongest(explanation: Explanation, count: int | None) -> Tensor:
    """The numbers of the edges to draw, one of both directions."""
    index: Tensor = explanation.data.edge_index
    mask, back = explanation.edges().abs().cpu(), reverse_arcs(index).cpu()
    numbers = torch.arange(len(mask))
    once = numbers[(numbers <= back) & ((mask > 0) | (mask[back] > 0))]
    if count is None:
        return once
    check_count("count", count)
    order = torch.argsort(torch.maximum(mask, mask[back])[once], descending=True, stable=True)
    return once[order[:count]].sort().values


def _shares(explanation: Explanation, of_edges: bool) -> Tensor | None:
    """A number from -1 to 1 for every node: its row's sum, or the mean of its edges."""
    mask, nodes = explanation.node_mask, int(explanation.data.num_nodes or 0)
    if mask is not None and mask.shape[0] == nodes and nodes > 1:
        return _scaled(mask.sum(1))
    if not of_edges or explanation.edge_mask is None:
        return None
    target: Tensor = explanation.data.edge_index[1]
    degree = torch.bincount(target, minlength=nodes).clamp(min=1)
    total = torch.zeros(nodes).index_add(0, target.cpu(), explanation.edge_mask.cpu().float())
    return _scaled(total / degree.cpu())


def _scaled(values: Tensor) -> Tensor:
    values = values.detach().cpu().float()
    return values / values.abs().max().clamp(min=1e-12) if values.numel() else values


def _colour(share: float) -> str:
    """White at 0, full at 1 or -1."""
    full, part = (FOR if share >= 0 else AGAINST), min(abs(share), 1.0)
    red, green, blue = (round(255 + (one - 255) * part) for one in full)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _drawn(
    where: Array,
    ends: Tensor,
    edges: Tensor,
    nodes: Tensor | None,
    texts: Sequence[str],
    rims: set[int],
) -> Picture:
    spots = (where - where.min(0)) * SIDE + MARGIN
    width, height = spots.max(0) + MARGIN
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}' "
        f"viewBox='0 0 {width:.0f} {height:.0f}'>",
        "<rect width='100%' height='100%' fill='#ffffff'/>",
    ]
    for (a, b), share in zip(ends.T.tolist(), edges.tolist(), strict=True):
        (x1, y1), (x2, y2) = spots[a], spots[b]
        line = f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'"
        parts.append(f"{line} stroke='#c8c8c8' stroke-width='1.5'/>")
        parts.append(f"{line} stroke='{_colour(share)}' stroke-width='{1 + 4 * abs(share):.1f}'/>")
    for number, (x, y) in enumerate(spots):
        fill = "#f2f2f2" if nodes is None else _colour(float(nodes[number]))
        dark = nodes is not None and abs(float(nodes[number])) > 0.6
        rim = "#111111' stroke-width='3" if number in rims else "#888888' stroke-width='1"
        parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='12' fill='{fill}' stroke='{rim}'/>")
        ink = "#ffffff" if dark else "#111111"
        text = escape(texts[number])
        parts.append(f"<text x='{x:.1f}' y='{y:.1f}' fill='{ink}' {TEXT}>{text}</text>")
    return Picture("\n".join([*parts, "</svg>"]))
