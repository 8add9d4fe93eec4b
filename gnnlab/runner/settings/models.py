"""Models of a run: encoders by name, and a user's own classes, functions and modules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

from gnnlab.contracts.built import arguments_of, remember
from gnnlab.contracts.described import described
from gnnlab.contracts.encoder import Encoder
from gnnlab.contracts.foreign import told_by_class
from gnnlab.core.own_parts import is_ours
from gnnlab.core.settings import check_type

if TYPE_CHECKING:
    from torch import nn

GIVEN_WIDTHS = ("in_channels", "out_channels")
"""Arguments that the data decide where the settings do not."""


class OwnModel:
    """A class or function of a user's that makes a module, with what a class of ours declares.

    Its parameters are the settings. ``in_channels`` and ``out_channels`` come from the data where
    they are not set.

    Args:
        make: the class or function.
        name: as the settings spell it.
    """

    def __init__(self, make: Callable[..., Any], name: str) -> None:
        self.make, self.__name__ = make, name
        self.__signature__ = inspect.signature(make)
        said = told_by_class(make)
        self.later: Mapping[str, Any] = said["later"]
        self.from_graph: Mapping[str, Callable[[Any], Any]] = said["from_graph"]
        self.reads_codes: str | None = said["reads_codes"]
        self.reads_features = bool(said["reads_features"])

    @property
    def open(self) -> bool:
        """Whether it takes settings of any name."""
        kinds = [one.kind for one in self.__signature__.parameters.values()]
        return inspect.Parameter.VAR_KEYWORD in kinds

    def from_data(self, data: Any, **settings: Any) -> dict[str, Any]:
        """Return the arguments that the graph decides, of a graph or a sequence of graphs."""
        if isinstance(self.make, type) and issubclass(self.make, Encoder):
            return self.make.from_data(data, **settings)
        return {name: of(data) for name, of in self.from_graph.items()}

    def check(self, table: Mapping[str, Any]) -> None:
        """Refuse settings of another type than the signature states, and missing ones.

        Raises:
            ValueError: the first such.
        """
        hints = _hints(self.make)
        for name, one in parameters_of(self).items():
            hint = hints.get(name, type(one.default))
            if name in table and (name in hints or hint in (bool, int, float, str)):
                check_type(f"model.{name}", table[name], hint)
            decided = (*GIVEN_WIDTHS, "hidden_channels", *self.from_graph)
            if name not in table and one.default is one.empty and name not in decided:
                raise ValueError(
                    f"model.{name} is missing, and {self.__name__} cannot do without it: set "
                    f"model.{name}=VALUE"
                )

    def __call__(self, width: int, /, **settings: Any) -> nn.Module:
        """Build the module for features of that width, wrapped so that it reads a graph."""
        from torch import nn

        from gnnlab.tasks.training.foreign import adapted

        takes = "in_channels" in parameters_of(self)
        own = {"in_channels": width} if takes and "in_channels" not in settings else {}
        made = self.make(**own, **settings)
        if not isinstance(made, nn.Module):
            raise ValueError(
                f"{self.__name__} gives {described(made)}, but a model is a torch.nn.Module: "
                "return one"
            )
        if isinstance(self.make, type) and arguments_of(made) is None:
            remember(made, **own, **settings)  # so that a saved model can be built again
        return adapted(made)


def find_model(name: str) -> type[Encoder] | OwnModel:
    """The encoder of that name, or what an import path or a plugin names.

    Raises:
        ValueError: there is none.
    """
    from gnnlab import layers

    found: Any = layers.find(name)
    if is_ours(found):
        ours: type[Encoder] = found
        return ours
    return OwnModel(found, name)


def parameters_of(cls: type[Encoder] | OwnModel) -> dict[str, inspect.Parameter]:
    """What a model's constructor takes by name."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(cls).parameters
    return {name: one for name, one in found.items() if one.kind not in several}


def _hints(make: Callable[..., Any]) -> dict[str, Any]:
    """The types that a signature states, as far as they can be found out."""
    function: Any = getattr(make, "__init__", make) if isinstance(make, type) else make
    try:
        return get_type_hints(function)
    except Exception:  # a name that is imported for type checkers alone
        return {}
