"""Checkpoints of a training: its whole state on disk, from which it goes on to the same bits."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gnnlab.core.arguments import check_count, check_positive, shown
from gnnlab.core.writing import naming, write_atomically

KEPT = 2
"""The last so many are kept."""
NAME = re.compile(r"checkpoint-(\d+)\.safetensors")
State = tuple[dict[str, Tensor], dict[str, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """Where and how often the state of a training is kept.

    Args:
        folder: one training's own.
        every: epochs between two; None leaves it to ``seconds``.
        seconds: between two; None leaves it to ``every``. With either, what is due first counts.

    Raises:
        ValueError: neither, or no number above 0.
    """

    folder: str | Path
    every: int | None = 10
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.folder, str | Path) or not str(self.folder):
            raise ValueError(
                f"checkpoint is {shown(self.folder)}, but it is a folder, such as 'checkpoints/gcn'"
            )
        if self.every is not None:
            check_count("every", self.every, 1)
        if self.seconds is not None:
            check_positive("seconds", self.seconds)
        if self.every is None and self.seconds is None:
            raise ValueError(
                "a checkpoint was asked for neither after some epochs nor after some seconds: set "
                "every or seconds"
            )


class Checkpoints:
    """The checkpoints of one training, the newest of which it goes on from.

    A file holds a state's tensors, and the rest as JSON in its header: nothing in it is run. It
    gets its name when all of it is on the disk, so that a kill leaves the one before.

    Args:
        settings: where and how often.
        identity: tells what makes the training the one that it is, by name.
    """

    def __init__(self, settings: Checkpoint, identity: Callable[[], dict[str, str]]) -> None:
        self.settings, self.identity = settings, identity
        self.folder = Path(settings.folder)
        self.epoch, self.last = 0, time.monotonic()

    def newest(self) -> State | None:
        """Return the state of the newest checkpoint; None where there is none.

        Raises:
            ValueError: it is of other settings.
        """
        for path in reversed(self._files()):
            found = _read(path)
            if found is None:  # damaged on the disk: the one before serves
                continue
            self._check(path, found[1].get("identity", {}))
            self.epoch = int(found[1]["epoch"])
            return found
        return None

    def clear(self) -> None:
        """Remove them all, where a training is begun anew."""
        for path in self._files():
            path.unlink(missing_ok=True)
        self.epoch = 0

    def see(self, epoch: int, done: bool, state: Callable[[], State]) -> None:
        """Keep the state after an epoch, where that is due.

        Args:
            done: whether it was the last; where epochs are counted, its state is always kept.
            state: gives it.
        """
        every, seconds = self.settings.every, self.settings.seconds
        due = every is not None and (done or epoch % every == 0)
        waited = seconds is not None and time.monotonic() - self.last >= seconds
        if (due or waited) and epoch != self.epoch:
            tensors, table = state()
            self._write(epoch, tensors, {**table, "identity": self.identity()})
            self.epoch, self.last = epoch, time.monotonic()

    def _write(self, epoch: int, tensors: dict[str, Tensor], table: dict[str, Any]) -> None:
        from safetensors.torch import save

        own = {name: one.detach().cpu().contiguous().clone() for name, one in tensors.items()}
        content = save(own, {"format": "pt", "state": json.dumps(table)})
        with naming(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"checkpoint-{epoch:09d}.safetensors"
        write_atomically(path, lambda file: file.write(content))
        for old in self._files()[:-KEPT]:
            with suppress(OSError):
                old.unlink()

    def _files(self) -> list[Path]:
        """The checkpoints that are there, the oldest first."""
        try:
            found = [path for path in self.folder.iterdir() if NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ValueError(
                f"checkpoint {self.folder} cannot be read ({error.strerror}): name a folder"
            ) from error
        return sorted(found, key=lambda path: int(path.stem.partition("-")[2]))

    def _check(self, path: Path, theirs: dict[str, str]) -> None:
        """Refuse to go on from another training."""
        for name, own in self.identity().items():
            if theirs.get(name) != own:
                raise ValueError(
                    f"{path} is of a training whose {name} is {shown(theirs.get(name))}, but here "
                    f"it is {shown(own)}: name another folder, or remove this one to begin anew"
                )


def _read(path: Path) -> State | None:
    """The state in a file; None where the file is not whole."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})["state"])
            return {name: file.get_tensor(name) for name in file.keys()}, told  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError, RecursionError):
        return None
