"""Progress bar of a training, named by its model, split and seed."""

from __future__ import annotations

from collections.abc import Callable


def bar_title(model: str, pair: tuple[int, int], place: str = "") -> str:
    """Name a training on its bar: its model, split and seed, and which of all it is.

    Example:
        >>> bar_title("GCN", (0, 3), "4 of 10")
        'GCN split 0 seed 3 (4 of 10)'
    """
    split, seed = pair
    return f"{model} split {split} seed {seed}" + (f" ({place})" if place else "")


class Bar:
    """A progress bar that is silent where nobody looks."""

    def __init__(self, title: str, total: int, show: bool) -> None:
        from tqdm.auto import tqdm

        # None leaves it to tqdm to be silent where the output is no terminal.
        self.bar = tqdm(total=total, desc=title, unit="epoch", disable=None if show else True)

    def __enter__(self) -> Callable[[int, dict[str, float]], None]:
        from gnnlab.tasks.training.progress import shown

        def advance(epoch: int, row: dict[str, float]) -> None:
            self.bar.set_postfix(shown(row), refresh=False)
            self.bar.update(epoch - self.bar.n)

        return advance

    def __exit__(self, *error: object) -> None:
        self.bar.close()
