"""Settings become a typed value, or one sentence."""

from __future__ import annotations

import msgspec
import pytest

from gnnlab.runner import configure

BASE = {"data": {"name": "karate"}, "model": {"name": "gcn", "hidden_channels": 8}}


def test_overrides_are_toml_and_leave_the_settings_alone() -> None:
    config = configure(BASE, ["model.num_layers=3", "training.lr=1e-3", "run.splits=[1, 2]"])
    assert {"name": "GCN", "hidden_channels": 8, "num_layers": 3}.items() <= config.model.items()
    assert (config.training["lr"], config.run.splits) == (1e-3, (1, 2))
    assert BASE["model"] == {"name": "gcn", "hidden_channels": 8}


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("model.hiden_channels=3", "unknown key 'model.hiden_channels'; did you mean 'hidden_chan"),
        ("training.lrr=1", "unknown key 'training.lrr'; did you mean 'lr'"),
        ("trainig.lr=1", "unknown key 'trainig'; did you mean 'training'"),
        ("run.split=[0]", "unknown key 'run.split'; did you mean 'splits'"),
        ("task.metrik='f1'", "unknown key 'task.metrik'; did you mean 'metric'"),
        ("model.in_channels=3", "unknown key 'model.in_channels'"),
        ("model.name='gcm'", "unknown model 'gcm'; did you mean SGC or GCN"),
        ("rewiring.name='borff'", "unknown rewiring 'borff'; did you mean BORF"),
        ("rewiring.num_edges=3", "rewiring.num_edges is 3, but rewiring.name is none"),
        ("rewiring={name='fosr', num_edge=3}", "'rewiring.num_edge'; did you mean 'num_edges'"),
        ("rewiring.name='fosr'", "rewiring.num_edges is missing, and FoSR cannot do without it"),
        ("rewiring={name='fosr', num_edges=-1}", "num_edges is -1, but it must be a whole number"),
        ("rewiring={name='random-edges', like={add=1}}", "rewiring.like.name is missing"),
        (
            "rewiring={name='random-edges', like={name='borf', batch=1}}",
            "unknown key 'rewiring.like.batch'; did you mean 'batches'",
        ),
        ("model={name='rgcn', num_relations=3}", "unknown key 'model.num_relations'"),
        ("task.readout='sum'", "unknown key 'task.readout'; did you mean"),
        ("task={name='graph', readout='best'}", "readout is 'best', which is none of "),
        ("task={name='graph', batch_size=0}", "batch_size is 0"),
        ("task={name='graph', kind='lables'}", "kind is 'lables', which is none of auto"),
        ("task={name='graph', kind='labels', loss='l1'}", "loss is 'l1', but that is for regress"),
        ("task.metric='mae'", "there is no metric 'mae' for classes"),
        ("task.name='edge'", "unknown task 'edge'; did you mean node?"),
        ("training.lr=-1", "lr is -1, but it must be above 0"),
        ("run.splits=3", "the settings do not fit: Expected `array`, got `int`"),
        ("task.metric='speed'", "there is no metric 'speed'"),
        ("lr", "--set 'lr' is not of the form dotted.key=VALUE"),
        ("model.name.x=1", "name is a value and holds no keys"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(override: str, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:
        configure(BASE, [override])
    assert sentence in str(caught.value)


def test_data_and_model_must_be_named() -> None:
    with pytest.raises(ValueError, match="data.name is missing: say which with --data NAME"):
        configure({"model": {"name": "gcn"}})


def test_the_key_is_of_the_settings_and_not_of_what_is_run() -> None:
    one = configure(BASE)
    assert one.key() == configure(dict(reversed(BASE.items())), ["run.splits=[4]"]).key()
    assert one.key() != configure(BASE, ["training.lr=0.5"]).key()


@pytest.mark.parametrize(
    "override",
    ["model.name=GCN", "data.name=Karate", "training.lr=0.01", "model.block='platonov'"]
    + ["training.epochs=500", "training.weight_decay=0", "data.seed=0", "model.dropout=0.2"]
    + ["training.stop='patience'"],
)
def test_a_default_given_or_left_out_is_the_same_run(override: str) -> None:
    one, other = configure(BASE), configure(BASE, [override])
    assert one == other and one.label() == other.label()


def test_another_stop_is_another_run_and_the_first_leaves_names_as_they_were() -> None:
    patient = configure(BASE, ["training.patience=9"])
    rising = configure(BASE, ["training={patience=9, stop='rising'}"])
    assert "stop" not in patient.training and rising.training["stop"] == "rising"
    assert patient.key() != rising.key()


@pytest.mark.parametrize(
    ("model", "key", "usual"),
    [("gin", "batch_norm", False), ("path-nn", "norm", "batch"), ("gcn", "activation", "relu")],
)
def test_settings_of_a_model_that_came_later_leave_names_as_they_were(
    model: str, key: str, usual: object
) -> None:
    settings = {"data": {"name": "csbm"}, "model": {"name": model}}
    assert key not in configure(settings).model
    said = {**settings, "model": {"name": model, key: usual}}
    assert configure(said).key() == configure(settings).key()


def test_settings_of_a_task_that_came_later_leave_names_as_they_were() -> None:
    graph = {**BASE, "data": {"name": "MUTAG"}, "task": {"name": "graph"}}
    one = configure(graph)
    assert msgspec.to_builtins(one.task) == {
        "name": "graph", "metric": "auto", "readout": "mean", "batch_size": 64,
    }  # fmt: skip
    node = configure(BASE)
    assert msgspec.to_builtins(node.task) == {"name": "node", "metric": "auto"}
    assert configure(BASE, ["task.batch_size=64"]) == node
    assert configure(BASE, ["task.batch_size=32"]).key() != node.key()
    for same in ("kind='auto'", "loss='auto'", "standardise=false"):
        assert configure(graph, [f"task.{same}"]) == one
    for other in ("kind='regression'", "metric='mae'", "kind='labels'"):
        assert configure(graph, [f"task.{other}"]).key() != one.key()
    numbers = configure(graph, ["task={name='graph', kind='regression', standardise=true}"])
    assert numbers.task["standardise"] is True and "loss" not in numbers.task


def test_a_plateau_s_settings_are_of_its_runs_alone() -> None:
    plain = configure(BASE)
    assert not [key for key in plain.training if key.startswith("plateau") or key == "min_lr"]
    one = configure(BASE, ["training.schedule='plateau'"])
    assert one.training["plateau_factor"] == 0.5 and one.training["plateau_on"] == "loss"
    again = configure(BASE, ["training={schedule='plateau', min_lr=0, plateau_patience=10}"])
    assert again.key() == one.key() != plain.key()


def test_settings_are_whole() -> None:
    config = configure({"data": {"name": "cornell"}, "model": {"name": "gat_sep"}})
    assert config.data == {"name": "cornell", "source": "heterophilous", "split": "platonov"}
    assert config.model == {
        "name": "GATSep", "hidden_channels": 64, "num_layers": 5, "dropout": 0.2, "heads": 8,
    }  # fmt: skip
    assert config.training["optimizer"] == "adamw" and "patience" not in config.training
