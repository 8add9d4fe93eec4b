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
from gnnlab.tasks.metrics.own import Wanted as Metrics
from gnnlab.tasks.metrics.own import names_of


@dataclass(frozen=True)
class LinkSettings:
    """The settings of :class:`gnnlab.tasks.LinkPrediction`, which says what they mean."""

    metric: Metrics = "auto"
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
        metric, also = names_of(self.metric, self.also)
        if not all(isinstance(name, str) for name in also):
            raise ValueError(
                f"also is {shown(self.also)}, but it must be a list of names of metrics, such as "
                "['mrr']"
            )
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "also", also)
        if not isinstance(metric, str) or metric != "auto":
            link_metrics.check_name(metric)
        for name in also:
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
