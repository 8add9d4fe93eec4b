"""Runs of link prediction: split, then rewired, one line a split and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gnnlab import cli, layers
from gnnlab.runner import configure, read_results, run
from gnnlab.runner.runs.data import load_data, of_split
from gnnlab.runner.runs.encoder import make_encoder, make_task
from gnnlab.runner.runs.run_toml import read_about, settings_of
from gnnlab.runner.settings.config import Config
from gnnlab.runner.settings.link_splits import message_graph
from gnnlab.tasks import LinkSplit

SETTINGS: dict[str, Any] = {
    "task": {"name": "link"},
    "data": {"name": "karate"},
    "model": {"name": "gcn", "hidden_channels": 8, "num_layers": 1},
    "training": {"epochs": 2},
}


def config(*overrides: str, **sections: Any) -> Config:
    return configure({**SETTINGS, **sections}, overrides)


def test_a_run_writes_a_line_a_split_and_other_metrics_beside(tmp_path: Path) -> None:
    told = config("task.also=['hits@5']", "run.splits=[0,1]", "task.head.name='mlp'")
    folder = run(told, tmp_path)
    rows = read_results(folder)
    assert [(row["task"], row["split"], row["metric"]) for row in rows] == [
        ("link", 0, "roc_auc"),
        ("link", 1, "roc_auc"),
    ]
    assert set(rows[0]["others"]) == {"valid hits@5", "test hits@5"}
    about = read_about(folder)
    assert about["task"]["links"] == {
        "protocol": "random", "valid": 0.1, "test": 0.2, "valid_as_input": False
    }  # fmt: skip
    assert about["task"]["head"] == {
        "name": "HadamardMLP", "num_layers": 3, "norm": False, "dropout": 0.0
    }  # fmt: skip
    assert configure(settings_of(about)).key() == told.key()


def test_the_command_line_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "run --task link --data karate --model sage --set training.epochs=1 --out"
    assert cli.main([*command.split(), str(tmp_path)]) == 0
    assert "roc_auc" in capsys.readouterr().out


def test_splits_differ_by_number_and_rewirings_come_after_them() -> None:
    told = config("rewiring={name='fosr', num_edges=3}")
    data = load_data(told)
    first, second = (of_split(told, data, split) for split in (0, 1))
    assert not first.link_split.test_positive.equal(second.link_split.test_positive)
    expected = LinkSplit.random(data, seed=0)
    assert first.link_split.test_positive.equal(expected.test_positive)
    plain = message_graph(told.task["links"], data, 0)
    assert first.num_edges == plain.num_edges + 6 and "edge_type" not in data
    assert data.num_edges == 2 * 78


@pytest.mark.parametrize("protocol", ["ncn", "hard", "random"])
def test_every_protocol_draws(protocol: str) -> None:
    links = {"protocol": protocol, **({"per_positive": 6} if protocol == "hard" else {})}
    told = config(task={"name": "link", "links": links}, training={"epochs": 1})
    split = of_split(told, load_data(told), 0).link_split
    assert split.test_negative.dim() == (3 if protocol == "hard" else 2)
    given = {"valid_as_input": True, **links}
    assert message_graph(
        config(task={"name": "link", "links": given}).task["links"], load_data(told), 0
    ).link_split.valid_as_input


def test_graphs_without_features_get_vectors_or_ones(tmp_path: Path) -> None:
    told = config("model.features='embedding'")
    encoder = make_encoder(told, of_split(told, load_data(told), 0))()
    assert isinstance(encoder.inputs[0], layers.NodeEmbedding)
    assert encoder.inputs[0].rows.shape == (34, 8)
    ones = make_encoder(config("model.features='constant'"), load_data(told))()
    assert isinstance(ones.inputs[0], layers.ConstantFeatures) and ones.encoder.in_channels == 1
    assert config("model.features='own'").key() == config().key() != told.key()
    assert len(read_results(run(told, tmp_path))) == 1


def test_an_encoder_may_end_in_a_linear_under_a_head(tmp_path: Path) -> None:
    told = config("model.out_channels=5", "task.head.name='mlp'")
    data = of_split(told, load_data(told), 0)
    encoder = make_encoder(told, data)()
    assert encoder(data).shape == (34, 5)
    model = make_task(told).setup(data, 0).model(encoder)
    assert {linear.in_features for linear in model.head.mlp.linears} == {5}
    folder = run(told, tmp_path)
    assert read_about(folder)["model"]["out_channels"] == 5
    assert configure(settings_of(read_about(folder))).key() == told.key()
    assert told.key() != config("task.head.name='mlp'").key()
    assert "out_channels" not in config().model


def test_a_width_of_the_last_linear_is_for_links_alone() -> None:
    with pytest.raises(ValueError, match="unknown key 'model.out_channels'"):
        config("model.out_channels=5", task={"name": "node"})
    with pytest.raises(ValueError, match="unknown key 'model.out_channel'; did you mean"):
        config("model.out_channel=5")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["task.links.protocol='nnc'"], "unknown protocol 'nnc'; did you mean ncn"),
        (["task.links.vaild=0.1"], "unknown key 'task.links.vaild'; did you mean 'valid'"),
        (["task.links={protocol='ncn', valid=0.1}"], "unknown key 'task.links.valid'"),
        (["task.links=3"], "task.links is 3, but it must be a table"),
        (["task.links.valid_as_input=1"], "valid_as_input is 1, but it must be true or false"),
        (["task.head='nnc'"], "unknown head 'nnc'"),
        (["task.metric='accuracy'"], "no metric 'accuracy' for links"),
        (["task.readout='mean'"], "unknown key 'task.readout'"),
        (["model.features='one'"], "unknown kind of features 'one'"),
    ],
)
def test_what_nothing_reads_is_refused(overrides: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(*overrides)


def test_links_are_no_key_of_other_tasks() -> None:
    with pytest.raises(ValueError, match="unknown key 'task.links'"):
        config(task={"name": "node", "links": {"protocol": "ncn"}})


def test_an_official_split_is_needed_where_it_is_asked_for() -> None:
    told = config("task.links.protocol='official'")
    with pytest.raises(ValueError, match="has no published split: take task.links.protocol=random"):
        of_split(told, load_data(told), 0)


def test_the_number_of_links_a_step_is_a_share_unless_it_is_told() -> None:
    assert config().task["batch_size"] == 0.1
    assert config("task.batch_size=0.1").key() == config().key()
    others = {config(f"task.batch_size={size}").key() for size in (65536, 1152, 0.25)}
    assert len(others) == 3 and config().key() not in others
    assert type(config("task.batch_size=1152").task["batch_size"]) is int
    with pytest.raises(ValueError, match="batch_size is 1.5, but it is a whole number"):
        config("task.batch_size=1.5")


def test_runs_of_the_earlier_default_are_others(tmp_path: Path) -> None:
    """A folder that was written with 65,536 links a step is neither resumed nor renamed."""
    told = config("task.batch_size=65536", "task.mask_targets=false")
    folder = run(told, tmp_path)
    now = run(config("task.mask_targets=false"), tmp_path)
    assert now != folder and len(read_results(folder)) == len(read_results(now)) == 1
    assert configure(settings_of(read_about(folder))).label() == folder.name


def test_kinds_of_nodes_are_found_unless_told_otherwise() -> None:
    links = config().task["links"]
    assert "kinds" not in links  # so that runs from before keep their names
    assert config("task.links.kinds='auto'").key() == config().key()
    other = config("task.links.kinds='one'")
    assert other.key() != config().key() and other.task["links"]["kinds"] == "one"
    for protocol in ("ncn", "hard", "official"):
        told = config(task={"name": "link", "links": {"protocol": protocol, "kinds": "one"}})
        assert told.task["links"]["kinds"] == "one"
    with pytest.raises(ValueError, match="task.links.kinds is 'two', which is none of auto, one"):
        config("task.links.kinds='two'")
    data = load_data(config())
    data.edge_index = data.edge_index[:, (data.edge_index[0] < 17) ^ (data.edge_index[1] < 17)]
    drawn = [message_graph(told.task["links"], data, 0).link_split for told in (config(), other)]
    assert drawn[0].kinds is not None and drawn[1].kinds is None
