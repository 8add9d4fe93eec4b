"""Moved modules: their old names still import, with a warning, for one release."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "gnnlab.molecules": "gnnlab.datasets.chemistry.codes",
    "gnnlab.validation": "gnnlab.contracts.data",
    "gnnlab.datasets.building": "gnnlab.datasets.kinds.build_data",
    "gnnlab.datasets.folds": "gnnlab.datasets.splits.folds",
    "gnnlab.datasets.repeats": "gnnlab.datasets.measures.duplicates",
    "gnnlab.runner.about": "gnnlab.runner.runs.run_toml",
    "gnnlab.runner.environment": "gnnlab.runner.runs.environment",
    "gnnlab.runner.links": "gnnlab.runner.settings.link_splits",
    "gnnlab.runner.page": "gnnlab.runner.reports.results_page",
    "gnnlab.runner.recipes": "gnnlab.runner.settings.recipes",
    "gnnlab.runner.report": "gnnlab.runner.reports.tables",
    "gnnlab.runner.results": "gnnlab.runner.runs.results",
    "gnnlab.structure.graph": "gnnlab.structure.graphs.graph",
    "gnnlab.structure.hop_sets": "gnnlab.structure.hops.sets",
    "gnnlab.tasks.collate": "gnnlab.tasks.shared.collate",
    "gnnlab.tasks.memory": "gnnlab.tasks.training.peak_memory",
    "gnnlab.tasks.model": "gnnlab.tasks.shared.model",
    "gnnlab.tasks.task": "gnnlab.tasks.contract",
}
"""Old name -> new one, of what pages and notebooks have shown."""


class MovedFinder(MetaPathFinder, Loader):
    """Find a module under the name that it had before; both names are one module."""

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        new = MOVED[spec.name]
        warnings.warn(f"{spec.name} is {new} now: import that", DeprecationWarning, stacklevel=2)
        module = import_module(new)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import has just put the old name's spec there.
        module.__spec__ = module.__spec__.loader_state if module.__spec__ else None


sys.meta_path.append(MovedFinder())
