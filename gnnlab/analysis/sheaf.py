"""Sheaf energy: how far neighbours' stalks disagree through the maps of the sheaf."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from gnnlab.contracts.data import check
from gnnlab.core.settings import checked

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.layers.sheaf.laplacian import Normalisation, Sheaf


@checked
def sheaf_energy(
    x: Tensor, sheaf: Sheaf, normalisation: Normalisation = "augmented", *, relative: bool = False
) -> float:
    r"""Give the quadratic form of the sheaf Laplacian.

    .. math:: E(x) = \langle x, \Delta x \rangle = \sum_{e = \{u, v\}} w_e
        \|F_{u,e} \tilde x_u - F_{v,e} \tilde x_v\|^2, \qquad \tilde x = D^{-1/2} x

    0 where all stalks agree along all edges; for identity maps the graph's Dirichlet energy.

    Args:
        x: stalks of d dimensions in C channels.
        sheaf: what a layer's learner returns.
        normalisation: ``augmented``, ``textbook`` or ``none``.
        relative: divide by :math:`\|x\|^2`; 0 for stalks that are 0.

    Shapes:
        x (N, d, C)

    Source:
        Bodnar et al., "Neural Sheaf Diffusion", NeurIPS 2022, section 3.2
        (https://arxiv.org/abs/2202.04579).
    """
    from gnnlab.layers.sheaf.laplacian import laplacian

    x = x.detach()
    with torch.no_grad():
        energy = float((x * laplacian(x, sheaf, normalisation)).double().sum())
    if not relative:
        return energy
    size = float(x.double().square().sum())
    return energy / size if size else 0.0


@checked
def sheaf_energies(encoder: nn.Module, data: Data) -> list[float]:
    """Give the relative energy of the states before every step, in the sheaf of that step.

    A copy is run in eval mode without gradients. Extra stalk dimensions, on which no sheaf acts, do
    not count.

    Args:
        encoder: a ``SheafDiffusion`` or ``ConnectionSheaf``, or what holds one.
        data: the graph, with the encoder's transform applied where it has one; left as it is.

    Returns:
        num_layers numbers.

    Raises:
        ValueError: another encoder.
    """
    from gnnlab.layers.sheaf.encoder import Diffusion

    check(data)
    model = deepcopy(encoder).eval()
    steps = [module for module in model.modules() if isinstance(module, Diffusion)]
    if not steps:
        raise ValueError(
            f"{type(encoder).__name__} diffuses on no sheaf: give a SheafDiffusion or a "
            "ConnectionSheaf, or measure its states by gnnlab.analysis.dirichlet_energy"
        )
    found: list[float] = []

    def measure(step: Diffusion, x: Tensor, sheaf: Sheaf) -> None:
        found.append(sheaf_energy(x[:, : step.dim], sheaf, step.normalisation, relative=True))

    for step in steps:
        step.register_forward_pre_hook(lambda own, seen: measure(cast("Any", own), *seen[:2]))
    with torch.no_grad():
        model(data)
    return found
