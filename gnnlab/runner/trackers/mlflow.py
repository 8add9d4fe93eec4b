"""MLflow tracker: ``mlflow.db`` beside the runs, or the server that is set."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gnnlab.core.writing import locked
from gnnlab.runner.trackers.tracker import numbers

MOST = 100
"""Settings that MLflow takes at once."""


class MLflow:
    """Write a training to MLflow; ``MLFLOW_TRACKING_URI`` names a server in place of the file.

    ``mlflow ui --backend-store-uri sqlite:///HOME/mlflow.db`` shows it. MLflow itself refuses new
    folders of files (``mlruns``) unless it is told otherwise. Letters that it allows in no name, as
    in ``hits@20``, become ``_``.

    Args:
        experiment: in which runs stand.
    """

    def __init__(self, home: str | Path, experiment: str = "gnnlab") -> None:
        self.home, self.experiment = Path(home), experiment
        self.client: Any = None
        self.run = ""

    def start(self, run: str, settings: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        number = self._experiment()
        self.run = self.client.create_run(number, run_name=run).info.run_id
        params = [Param(_name(key), str(value)) for key, value in settings.items()]
        for first in range(0, len(params), MOST):
            self.client.log_batch(self.run, params=params[first : first + MOST])

    def _experiment(self) -> str:
        """Open the store and the experiment; of processes that begin together one makes them."""
        from mlflow import MlflowClient

        server = os.environ.get("MLFLOW_TRACKING_URI")
        self.home.mkdir(parents=True, exist_ok=True)
        with open(self.home / ".mlflow.lock", "wb") as file, locked(file):
            self.client = MlflowClient(server or store_of(self.home))
            found = self.client.get_experiment_by_name(self.experiment)
            if found:
                return str(found.experiment_id)
            place = None if server else (self.home / "mlartifacts").resolve().as_uri()
            return str(self.client.create_experiment(self.experiment, artifact_location=place))

    def log(self, epoch: int, row: Mapping[str, float]) -> None:
        self._metrics(numbers(row), epoch)

    def finish(self, summary: Mapping[str, Any]) -> None:
        if self.client is not None:
            told = {f"summary/{name}": value for name, value in numbers(summary).items()}
            self._metrics(told, 0)
            self.client.set_terminated(self.run, "FINISHED" if summary else "FAILED")

    def _metrics(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics = [Metric(_name(name), value, now, step) for name, value in values.items()]
        if metrics:
            self.client.log_batch(self.run, metrics=metrics)


def store_of(home: Path) -> str:
    """Where the trainings of a folder are kept, as MLflow takes it."""
    return f"sqlite:///{(home / 'mlflow.db').resolve().as_posix()}"


def _name(text: str) -> str:
    return re.sub(r"[^\w./ -]", "_", text)
