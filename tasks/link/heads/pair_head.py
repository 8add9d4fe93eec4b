"""Pair head (link head): the base class of modules that score pairs of nodes."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from gnnlab.contracts.built import Remembering


class PairHead(Remembering):
    """A head of link prediction: states, graph and pairs in, a logit a pair out.

    Shapes:
        h (N, H), adj of N nodes, pairs (2, P) int64 -> (P,)
    """

    symmetric: ClassVar[bool] = True
    """Whether a pair has one score whichever node comes first."""
    learns: ClassVar[bool] = True
    """Whether the states matter; if not, there is nothing to train."""
    short: ClassVar[str | None] = None
    """A shorter name."""
    in_channels: int | None = None
    """H; None where any width serves."""

    def factors(self, h: Tensor) -> Tensor | None:
        """Return what the logits are dot products of, (N, H); None where they are none."""
        return None


class ForeignHead:
    """What a module that is no :class:`PairHead` declares: its attributes, else the defaults."""

    def __init__(self, module: nn.Module) -> None:
        own: Any = module
        self.module = own
        self.learns: bool = getattr(own, "learns", PairHead.learns)
        # A layer's in_channels may be the width of something else.
        self.in_channels: Any = getattr(own, "in_channels", None) if self._is_head() else None

    def factors(self, h: Tensor) -> Tensor | None:
        """Return what the logits are dot products of, where the module says so."""
        own = getattr(self.module, "factors", None)
        found: Tensor | None = None if own is None else own(h)
        return found

    def _is_head(self) -> bool:
        return hasattr(self.module, "symmetric")


def declared_head(module: nn.Module) -> PairHead | ForeignHead:
    """What a head declares: one of ours itself, any other module as it is read here."""
    return module if isinstance(module, PairHead) else ForeignHead(module)
