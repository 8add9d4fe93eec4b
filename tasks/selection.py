"""Which epoch is kept, and its weights."""

from __future__ import annotations

from torch import nn

from .training import Select


class Best:
    """The first epoch that no other one beats on validation.

    Args:
        select: ``"metric"`` (the largest) or ``"loss"`` (the smallest).
    """

    def __init__(self, select: Select) -> None:
        self.select = select
        self.row: dict[str, float] = {}

    def improves(self, row: dict[str, float]) -> bool:
        """Take the epoch's numbers if they beat all before them; a tie does not."""
        if self.row and self._score(row) <= self._score(self.row):
            return False
        self.row = row
        return True

    def _score(self, row: dict[str, float]) -> float:
        return row["valid"] if self.select == "metric" else -row["valid_loss"]


class Snapshot:
    """A copy of a model's weights and buffers, allocated once, into which better ones go."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.kept = {name: value.clone() for name, value in model.state_dict().items()}

    def save(self) -> None:
        for name, value in self.model.state_dict().items():
            self.kept[name].copy_(value)

    def restore(self) -> None:
        self.model.load_state_dict(self.kept)
