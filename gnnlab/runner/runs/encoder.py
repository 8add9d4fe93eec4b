"""Encoder of a run, built for its data, and the task that it is trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import nn

from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.encoders import with_inputs
from gnnlab.runner.settings.given import NOTHING, Given
from gnnlab.runner.settings.models import OwnModel, find_model, parameters_of
from gnnlab.runner.settings.resolve import WIDTH, find_task

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from gnnlab.contracts.encoder import Encoder
    from gnnlab.datasets import Graphs


def make_task(config: Config) -> Any:
    """Return the config's task."""
    settings = {key: value for key, value in config.task.items() if key not in ("name", "links")}
    return find_task(config.task["name"])(**settings)


def make_encoder(
    config: Config, data: Data | Graphs, given: Given = NOTHING
) -> nn.Module | Callable[[], nn.Module]:
    """Return a function that builds the config's encoder for this data, or the module given.

    It returns states, on which the task puts a head; one that says why it ``predicts`` by itself is
    told the number of logits by the task, as in ``fit``.
    """
    if isinstance(given.model, nn.Module):
        return given.model
    settings = dict(config.model)
    name = settings.pop("name")
    cls = find_model(name) if given.model is None else OwnModel(given.model, name)
    settings |= cls.from_data(data, **settings)
    if isinstance(cls, OwnModel) and _asks_outputs(config, cls, settings):
        settings["out_channels"] = _outputs(config, settings, data)
    if "budget" in settings:
        settings["hidden_channels"] = _width(config, cls, settings, data)
    return with_inputs(cls, settings, data)


def _asks_outputs(config: Config, cls: OwnModel, settings: dict[str, Any]) -> bool:
    """Whether a model is to be told how wide its rows are: one that cannot do without, or could
    predict nodes by itself."""
    own = parameters_of(cls).get("out_channels")
    if own is None or "out_channels" in settings:
        return False
    return own.default is own.empty or config.task["name"] == "node"


def _outputs(config: Config, settings: dict[str, Any], data: Data | Graphs) -> int:
    """How many numbers a row of what is predicted has; where pairs are, how wide states are."""
    target = getattr(_problem(config, data), "target", None)
    if target is None:
        return int(settings.get("hidden_channels", WIDTH))
    return int(target.outputs(nn.Identity(), "data"))


def _problem(config: Config, data: Data | Graphs) -> Any:
    """The task on the first split, which tells what there is to predict."""
    linked = hasattr(data, "link_split")  # and so of one split alone
    return make_task(config).setup(data, 0 if linked else config.run.splits[0])


def _width(
    config: Config, cls: type[Encoder] | OwnModel, settings: dict[str, Any], data: Data | Graphs
) -> int:
    """Take the budget out of the settings and return the width it allows, readout and head
    included."""
    from gnnlab import layers

    if "hidden_channels" not in parameters_of(cls):
        raise ValueError(
            f"model.budget decides hidden_channels, which {cls.__name__} does not take: leave it "
            "out"
        )
    budget, problem = settings.pop("budget"), _problem(config, data)

    def make(width: int) -> nn.Module:
        encoder = with_inputs(cls, {**settings, "hidden_channels": width}, data)()
        return model_on(problem, encoder, data)

    return layers.width_for(budget, make, multiple=int(settings.get("heads", 1)))


def model_on(problem: Any, encoder: nn.Module, data: Data | Graphs) -> nn.Module:
    """The model that a task makes of an encoder, as ``fit`` does."""
    from gnnlab.tasks.contract import as_predictor
    from gnnlab.tasks.training.foreign import adapted, measured

    model: nn.Module = problem.model(
        as_predictor(problem, measured(adapted(encoder), problem, data))
    )
    return model
