"""Settings of a saved model damaged at random: loaded as they were, or refused in a sentence."""

from __future__ import annotations

import json
import random
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from asking import all_cases, built, trained

from gnnlab import load

OTHERS = [
    None, True, -1, 0, 3, 2.5, 10**12, "", "x", "gnnlab.layers:GCN", "torch.nn:Linear", [], {}, [1],
    {"module": "torch.nn:Linear", "arguments": [2, 2]}, {"unknown": "a:B"}, {"encoder": True},
    {"class": "torch.nn:ReLU"}, {"tensor": "@0"}, {"float": "inf"}, {"tuple": [1]}, {"table": {}},
    {"fields": {}, "of": "gnnlab.tasks:Training"}, {"dtype": "float32"}, {"function": "torch:relu"},
]  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in JSON."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree) if type(tree) is list else 0)
    return [path, *(place for key in keys for place in places(tree[key], (*path, key)))]


def damaged(tree: Any, draw: random.Random) -> Any:
    """Put something else in a place, or take it away."""
    *path, last = draw.choice(places(tree)[1:])
    inner = tree
    for key in path:
        inner = inner[key]
    if draw.random() < 0.25:
        del inner[last]
    else:
        inner[last] = draw.choice(OTHERS)
    return tree


def damage_and_load(folder: Path, text: str, times: int, seed: int) -> list[str]:
    """Return what was neither loaded nor refused in a sentence."""
    faults, draw = [], random.Random(seed)
    for _ in range(times):
        told = json.dumps(damaged(json.loads(text), draw))
        (folder / "model.json").write_text(told)
        try:
            load(folder)
        except ValueError as error:
            if "\n" in str(error):
                faults.append(f"{error!r} of {told}")
        except Exception as error:
            faults.append(f"{error!r} of {told}")
    return faults


@pytest.mark.parametrize("name", ["standardised, several", "links of one graph"])
@pytest.mark.parametrize("times", [60, pytest.param(5000, marks=pytest.mark.nightly)])
def test_damaged_settings(name: str, times: int, tmp_path: Path) -> None:
    case = all_cases()[name]
    folder = trained(case, built("GCN", case)).save(tmp_path / "model")
    text = (folder / "model.json").read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert damage_and_load(folder, text, times, seed=times) == []


def test_damaged_weights(tmp_path: Path) -> None:
    case = all_cases()["classes"]
    folder = trained(case, built("GCN", case)).save(tmp_path / "model")
    draw, whole = random.Random(0), (folder / "model.safetensors").read_bytes()
    for number in range(40):
        content = bytearray(whole)
        content[draw.randrange(len(content) if number % 2 else 300)] ^= 1 << draw.randrange(8)
        other = Path(shutil.copytree(folder, tmp_path / f"other-{number}"))
        (other / "model.safetensors").write_bytes(bytes(content))
        with pytest.raises(ValueError, match=r"is (no whole file|not the file|a pickle)"):
            load(other)
