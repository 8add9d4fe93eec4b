"""Solved task: a method that computes its result in one go, without training, and its scores."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from gnnlab.tasks.fitting import Result
from gnnlab.tasks.shared.listed import ListedTask
from gnnlab.tasks.training.curve import Curve
from gnnlab.tasks.training.peak_memory import PeakMemory
from gnnlab.tasks.training.seed import checked_seed, isolated, seed_all

if TYPE_CHECKING:
    from torch_geometric.data import Data

CPU = torch.device("cpu")


class SolvedTask(ListedTask):
    """A task on one graph with a method in the place of an encoder, and no training.

    A dataclass with the fields ``method``, which is resolved when it is built, and ``metric``.
    """

    trains: ClassVar[bool] = False

    @classmethod
    def fits(cls, data: Any) -> bool:
        return not isinstance(data, Sequence)

    @abstractmethod
    def check(self, data: Data, split: int) -> str:
        """Refuse data that the task cannot judge a method on, and return the metric's name."""

    @abstractmethod
    def measured(self, data: Data, split: int, seed: int) -> dict[str, float]:
        """Compute what the method finds, and measure it: ``test``, ``valid`` if there is one."""

    def solve(self, data: Data, split: int = 0, seed: int = 0) -> Result:
        """Compute and judge; the caller's generators stay as they were.

        Args:
            split: which column of the masks, where the task reads them.
            seed: of what the method draws.

        Raises:
            ValueError: what the task or the method refuses.
        """
        seed, metric = checked_seed(seed), self.check(data, split)
        memory, start = PeakMemory(CPU), time.perf_counter()
        with isolated(CPU), torch.no_grad():
            seed_all(seed, CPU)
            row = self.measured(data, split, seed)
        return Result(
            valid=row.get("valid"),
            test=row["test"],
            epoch=0,
            seconds=time.perf_counter() - start,
            parameters=0,
            peak_memory_bytes=memory.bytes(),
            metric=metric,
            curve=Curve(),
            model=None,
            others={name: value for name, value in row.items() if name not in ("valid", "test")},
        )
