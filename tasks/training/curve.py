"""Learning curve: loss and scores of every evaluated epoch."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from gnnlab.core.settings import checked


@dataclass
class Curve:
    """Lists of equal length, one entry an evaluated epoch; ``dict(curve)`` makes a table of them.

    Args:
        epoch: counted from 1: how many there were before the evaluation.
        loss: on the training part, dropout on, before each step; the mean over the epoch's steps.
        valid_loss: on validation.
        valid: the metric on validation.
        test: the metric on test.
        others: what else was measured, by name, such as ``"valid hits@20"``; not in the table.
    """

    epoch: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    valid_loss: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    test: list[float] = field(default_factory=list)
    others: dict[str, list[float]] = field(default_factory=dict)

    def append(self, epoch: int, row: dict[str, float]) -> None:
        self.epoch.append(epoch)
        known = self._names()
        for name in known[1:]:
            if name in row:
                getattr(self, name).append(row[name])
        for name in (key for key in row if key not in known):
            self.others.setdefault(name, []).append(row[name])

    def keys(self) -> list[str]:
        """The names of the lists; without scores where a task has none."""
        return [name for name in self._names() if len(getattr(self, name)) == len(self.epoch)]

    def _names(self) -> list[str]:
        return [each.name for each in fields(self) if each.name != "others"]

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.keys():
            raise KeyError(f"a curve has no {name!r}: it has {', '.join(self.keys())}")
        values: list[float] = getattr(self, name)
        return values

    def __len__(self) -> int:
        return len(self.epoch)


@checked
def at_own_best(curve: Curve, name: str) -> tuple[float, float, int]:
    """Return validation, test and epoch where another metric was best on validation, of its own.

    So the release of Neural Common Neighbor reports: every Hits@K keeps its own epoch, and no one
    model has all the numbers. ``result.others`` has them at the one epoch that was kept.

    Args:
        curve: of a fit whose task measured the metric (``also``).
        name: such as ``"hits@20"``; higher is better.

    Raises:
        KeyError: it was not measured.
    """
    if f"valid {name}" not in curve.others:
        known = sorted(key.removeprefix("valid ") for key in curve.others if key[0] == "v")
        raise KeyError(f"{name!r} was not measured beside the metric: {', '.join(known) or 'none'}")
    valid, test = curve.others[f"valid {name}"], curve.others[f"test {name}"]
    best = max(range(len(valid)), key=valid.__getitem__)
    return valid[best], test[best], curve.epoch[best]
