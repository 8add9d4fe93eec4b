"""Every setting of every task, of training and of what makes data harder says what it may be."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch

from gnnlab import datasets, layers, tasks
from gnnlab.tasks.shared.head import Head

CLASSES: tuple[Any, ...] = (
    tasks.NodeClassification,
    tasks.NodePrediction,
    tasks.GraphPrediction,
    tasks.LinkPrediction,
    tasks.PairedComparison,
    tasks.Pretraining,
    tasks.EmbeddingProbe,
    tasks.NodeClustering,
    tasks.Training,
    datasets.Stress,
    Head,
)
WRONG: dict[str, tuple[Any, ...]] = {
    "flag": ("False", 0, 1, None, torch.ones(2), np.True_, [], {}),
    "whole": (1.5, True, "3", float("nan"), torch.ones(2), [1], {}),
    "number": (True, "0.1", float("nan"), float("inf"), torch.ones(2), [0.1], {}),
    "word": ("no such thing", 1, True, torch.ones(2), np.ones(2), ["mean"], {}, len),
}
NAMES = {key: f"head_{key}" for key in ("layers", "dropout", "activation", "narrows")}
NAMES["drops_states"] = "head_drops_states"


def kind_of(hint: Any) -> str | None:
    """Of which of the wrong values a setting of this type takes none."""
    either = get_origin(hint) in (Union, UnionType)
    options = [o for o in (get_args(hint) if either else (hint,)) if o is not type(None)]
    if len(options) == 1 and get_origin(options[0]) is Literal:
        return "word"
    known = {bool: "flag", int: "whole", float: "number", str: "word"}
    return known.get(options[0]) if len(options) == 1 else None


CASES = [
    (cls, field.name, value)
    for cls in CLASSES
    for field in fields(cls)
    if (kind := kind_of(get_type_hints(cls)[field.name])) is not None
    for value in WRONG[kind]
    if not (value is None and type(None) in get_args(get_type_hints(cls)[field.name]))
]


@pytest.mark.parametrize(
    ("cls", "name", "value"), CASES, ids=[f"{c.__name__}-{n}-{v!r}" for c, n, v in CASES]
)
def test_a_wrong_value_is_refused_by_name(cls: Any, name: str, value: Any) -> None:
    told = NAMES.get(name, name) if cls is Head else name
    with pytest.raises(ValueError, match=told) as caught:
        cls(**{name: value})
    assert "\n" not in str(caught.value) or isinstance(value, torch.Tensor | np.ndarray)


def test_numbers_of_numpy_are_numbers() -> None:
    task = tasks.NodeClassification(batch_size=np.int64(3), head_dropout=np.float64(0.5))
    assert task.batch_size == 3 and task.head_dropout == 0.5


@pytest.mark.parametrize("also", [1.5, "no such metric", None, [1], ["no such metric"]])
def test_more_metrics_are_a_list_of_names(also: Any) -> None:
    with pytest.raises(ValueError, match=r"also|metric"):
        tasks.LinkPrediction(also=also)


def test_one_name_of_a_metric_is_a_list_of_one() -> None:
    assert tasks.LinkPrediction(also="mrr").also == ("mrr",)


@pytest.mark.parametrize("groups", [[], "head.*", 1])
def test_groups_map_names_to_settings(groups: Any) -> None:
    with pytest.raises(ValueError, match="groups is .*, but it must map names of parameters"):
        tasks.Training(groups=groups)


@pytest.mark.parametrize("name", ["keep_model", "reinitialise"])
def test_flags_of_fit_are_true_or_false(name: str) -> None:
    fit: Any = partial(tasks.fit, tasks.NodeClassification(), layers.GCN(1, 8), datasets.karate())
    with pytest.raises(ValueError, match=f"{name} is 'False', but it must be True or False"):
        fit(**{name: "False"})


@pytest.mark.parametrize("head", [tasks.NCN, tasks.NCNC])
def test_flags_of_heads_are_true_or_false(head: Any) -> None:
    for name in ("rescale", "norm", "transform", "tail_activation", "two_layers", "sparse_grad"):
        with pytest.raises(ValueError, match=f"{name} is 'False', but it must be True or False"):
            head(8, **{name: "False"})
    for name, value in (("seed", 1.5), ("limit", True), ("beta", "1")):
        with pytest.raises(ValueError, match=f"{name} is"):
            head(8, **{name: value})


def test_a_set_of_graphs_says_what_its_parts_are() -> None:
    mask = torch.ones(1, 1, dtype=torch.bool)
    masks, graph = datasets.Masks(mask, ~mask, ~mask), datasets.karate()
    make = partial(datasets.Graphs, (graph,), masks)
    for classes in ("2", 1.5, -1, True, None):
        with pytest.raises(ValueError, match="classes is"):
            make(classes=classes, name="one")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="metric is 3"):
        make(classes=2, name="one", metric=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="masks is a tuple"):
        datasets.Graphs((graph,), (mask,), classes=2, name="one")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="train is a list, but a mask is a boolean tensor"):
        datasets.Masks([True], ~mask, ~mask)  # type: ignore[arg-type]
