"""Listed tasks: the declarations of a task's class that the runner reads, and its settings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from gnnlab.core.registry import Family


class ListedTask(ABC):
    """A task that runs name: a frozen dataclass whose fields are its settings."""

    listed: ClassVar[str]
    """Its name in settings."""
    later: ClassVar[Mapping[str, Any]] = {}
    """Settings that came later, at the values that earlier runs had: left out of a run's name."""
    unasked: ClassVar[tuple[str, ...]] = ()
    """Metrics that data name and that the task takes without being told."""

    trains: ClassVar[bool] = True
    """Whether an encoder is trained; if not, the task has a ``method`` in its place."""
    splits_links: ClassVar[bool] = False
    """Whether the links of one graph are split before anything else is done to it."""

    @classmethod
    @abstractmethod
    def fits(cls, data: Any) -> bool:
        """Whether one graph, or a set of many, has what is predicted."""

    @classmethod
    def settled(cls, settings: Mapping[str, Any], many: bool) -> dict[str, Any]:
        """Return all settings as a run keeps them.

        Args:
            settings: every field of a task that was built.
            many: whether the data are a set of graphs.

        Raises:
            ValueError: a setting that such data do not have.
        """
        return dict(settings)


def _is_listed(cls: Any) -> bool:
    return issubclass(cls, ListedTask)


listed_tasks: Family[type[ListedTask]] = Family(
    "task",
    "gnnlab.tasks",
    _is_listed,
    lambda cls: str(cls.listed),
    group="gnnlab.tasks",
    takes=lambda thing: isinstance(thing, type) and _is_listed(thing),
)
