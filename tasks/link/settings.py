"""Settings of link prediction, checked when they are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gnnlab.core.arguments import check_count, shown
from gnnlab.core.settings import check_settings
from gnnlab.tasks.link.heads.by_name import Head, resolved_head
from gnnlab.tasks.link.steps import check_batch_size
from gnnlab.tasks.metrics import links as link_metrics


@dataclass(frozen=True)
class LinkSettings:
    """The settings of :class:`gnnlab.tasks.LinkPrediction`, which says what they mean."""

    metric: str = "auto"
    head: Head = "dot"
    batch_size: int | float | None = None
    drop_last: bool = False
    mask_targets: bool = True
    supervision: float = 0.3
    negatives: Literal["epoch", "split"] = "epoch"
    also: Sequence[str] = ()
    chunk: int = 1 << 17

    def __post_init__(self) -> None:
        # First what is told better here than by types.
        also = (self.also,) if isinstance(self.also, str) else self.also
        if not isinstance(also, Sequence) or not all(isinstance(name, str) for name in also):
            raise ValueError(
                f"also is {shown(also)}, but it must be a list of names of metrics, such as ['mrr']"
            )
        object.__setattr__(self, "also", tuple(also))
        if not isinstance(self.metric, str) or self.metric != "auto":
            link_metrics.check_name(self.metric)
        for name in self.also:
            link_metrics.check_name(name)
        object.__setattr__(self, "head", resolved_head(self.head))
        check_settings(self)
        if self.batch_size is not None:
            check_batch_size(self.batch_size)
        check_count("chunk", self.chunk)
        if not 0 < self.supervision < 1:
            raise ValueError(
                f"supervision is {self.supervision}, but a share of the links lies between 0 and 1"
            )
