"""Recipes of links carry the papers' numbers and settings, and build models that learn."""

from __future__ import annotations

import pytest
import torch
from torch_geometric.data import Data

from gnnlab import datasets
from gnnlab.datasets.catalogue import records
from gnnlab.runner import configure, recipe, recipe_names
from gnnlab.runner.runs.encoder import make_encoder, make_task
from gnnlab.tasks import LinkSplit
from gnnlab.tasks.link.steps import links_a_step

# Of each set: Hits@100 of NCN and NCNC; learning rates of encoder and head; links a step; dropout
# of features, of the last states, of the encoder and of the head; edges that the head drops; scale,
# offset, pt and alpha of completion; whether the last MLP has two hidden maps.
NCN = """
cora      89.05 0.96  89.65 1.36  .0043 .0024  1152  .7 .3 .05 .05  .4  4.3 2.8 .75 1.0  no
citeseer  91.56 1.43  93.47 0.95  .0085 .0078   384  .4  0 .75 .55   0  6.5 4.4 .75  .4  yes
pubmed    79.05 1.16  81.29 0.95  .0097 .0020  2048  .3  0 .1  .05   0  5.3  .5  .5  .3  no
"""
COMPLETION = ("scale", "offset", "pt", "alpha")


@pytest.mark.parametrize("row", NCN.strip().splitlines())
def test_holds_the_settings_of_neural_common_neighbors(row: str) -> None:
    name, *words, two = row.split()
    numbers = list(map(float, words))
    (lr, of_head, batch), (features, tail, encoder, head, edges) = numbers[4:7], numbers[7:12]
    shared = {"dropout": head, "edge_dropout": edges, "two_layers": two == "yes"}
    shared |= {"hidden_channels": 256, "norm": True, "transform": True, "tail_activation": True}
    completion = dict(zip(COMPLETION, numbers[12:], strict=True))
    for suffix, mean, std, own in (
        ("", *numbers[:2], {"name": "NCN"}),
        ("-ncnc", *numbers[2:4], {"name": "NCNC", "recursion": "released", **completion}),
    ):
        made = recipe(f"ncn/{name}{suffix}")
        config = configure(made.settings)
        assert (made.mean, made.std, made.paper.ddof, made.note) == (mean, std, 0, "")
        wanted = {"name": "PureGNN", "num_layers": 1, "hidden_channels": 256, "jump": True}
        wanted |= {"input_dropout": features, "tail_dropout": tail, "dropout": encoder}
        assert config.model | wanted == config.model and config.model["edge_dropout"] == 0
        told = config.task["head"]
        assert isinstance(told, dict) and told | shared | own == told and not told["rescale"]
        training = {"optimizer": "adam", "lr": lr, "groups": {"head.*": {"lr": of_head}}}
        assert config.training | training | {"epochs": 100, "select": "metric"} == config.training
        assert "patience" not in config.training and not config.training["weight_decay"]
        assert (config.task["metric"], config.task["batch_size"]) == ("hits@100", batch)
        assert config.task["drop_last"] and config.task["links"]["protocol"] == "ncn"
        assert (config.run.splits, config.run.seeds) == (tuple(range(10)), (0,))
    control = configure(recipe(f"ncn/{name}-gae").settings)
    assert control.model == config.model and control.training == config.training
    assert control.task["head"] == {
        "name": "HadamardMLP", "num_layers": 3, "norm": True, "dropout": head
    }  # fmt: skip


# Hits@100 of GCN and SAGE as the paper quotes them; their settings are ours.
PLAIN_LINKS = """
cora      66.79 1.65  55.02 4.03
citeseer  67.08 2.94  57.01 3.74
pubmed    53.02 1.39  39.66 0.72
"""


def test_plain_models_of_links_have_one_setting_on_all_sets() -> None:
    for model, first in (("gcn", 0), ("sage", 2)):
        settings = []
        for row in PLAIN_LINKS.strip().splitlines():
            name, *numbers = row.split()
            made = recipe(f"ncn/{name}-{model}")
            assert [made.mean, made.std] == list(map(float, numbers[first : first + 2]))
            assert made.note.startswith("Settings of ours")
            config = configure(made.settings)
            settings.append((config.model, config.training, config.task["head"]))
        assert settings[1:] == settings[:-1]


# Of each set and of NCN and NCNC: learning rate, weight decay, layers, dropout of both parts.
HEART = """
cora      .01  1e-7 0  3 2  .1 .1
citeseer  .001 0 1e-7  1 1  .3 .5
pubmed    .001 1e-7 0  2 1  .1 .1
"""


@pytest.mark.parametrize("row", HEART.strip().splitlines())
def test_holds_the_settings_under_hard_negatives(row: str) -> None:
    name, lr, *words = row.split()
    numbers = list(map(float, words))
    for place, model in enumerate(("ncn", "ncnc")):
        config = configure(recipe(f"heart/{name}-{model}").settings)
        usual = configure(recipe(f"ncn/{name}{'' if model == 'ncn' else '-ncnc'}").settings)
        decay, depth, dropout = numbers[place::2]
        training = {"optimizer": "adam", "lr": float(lr), "weight_decay": decay}
        assert config.training | training == config.training
        wanted = {"num_layers": int(depth), "dropout": dropout}
        assert config.model == usual.model | wanted  # dropout of features and states stays
        assert config.task["head"] == usual.task["head"] | {"dropout": dropout}


@pytest.mark.parametrize("name", recipe_names("heart/"))
def test_hard_negatives_have_one_protocol_and_no_number_beside(name: str) -> None:
    made = recipe(name)
    config = configure(made.settings)
    assert made.mean is None and config.task["metric"] == "mrr"
    assert config.task["links"] == {
        "protocol": "hard", "valid": 0.05, "test": 0.1, "per_positive": 500, "overlap": "ra",
        "alpha": 0.15, "error": 1e-7, "valid_as_input": False,
    }  # fmt: skip
    assert config.task["batch_size"] == 1024
    assert (len(config.run.splits), len(config.run.seeds)) == (1, 10)
    # Ten evaluations without a better one go by, and the eleventh stops.
    assert (config.training["evaluate_every"], config.training["patience"]) == (5, 55)


@pytest.fixture(scope="module")
def linked() -> dict[str, Data]:
    """Message graphs with features and enough nodes for hard negatives, by protocol."""
    data = datasets.load("csbm", seed=0, nodes=500, degree=12.0, sparse_features=True)
    return {
        "ncn": LinkSplit.ncn(data, seed=0).graph(data),
        "hard": LinkSplit.hard(data, seed=0).graph(data),
    }


@pytest.mark.filterwarnings("ignore:a step of")  # the graph is smaller than the recipe's
@pytest.mark.parametrize("name", [*recipe_names("ncn/"), *recipe_names("heart/")])
def test_link_recipes_build_models_that_learn_in_every_weight(
    name: str, linked: dict[str, Data]
) -> None:
    from gnnlab import tasks
    from gnnlab.tasks.training.optimizer import parameter_groups

    config = configure(recipe(name).settings)
    graph = linked[config.task["links"]["protocol"]]
    problem = make_task(config).setup(graph, 0)
    torch.manual_seed(0)
    model = problem.model(make_encoder(config, graph)())
    problem.loss(model, next(problem.batches())).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert model.eval()(graph, graph.link_split.test_positive[:, :7]).shape == (7,)
    groups = parameter_groups(model, tasks.Training(**config.training))
    assert {group["lr"] for group in groups} == {
        config.training["lr"],
        *(own["lr"] for own in config.training.get("groups", {}).values()),
    }


LEARNT = {"ncn": 0.7, "heart": 0.85}
"""Share of the links that is learnt from; of a validation part twice as large, half comes back."""


@pytest.mark.parametrize("name", [*recipe_names("ncn"), *recipe_names("heart")])
def test_a_step_leaves_more_than_half_of_the_links_to_read(name: str) -> None:
    config = configure(recipe(name).settings)
    record = records.find(config.data["name"])
    learnt = LEARNT[name.partition("/")[0]] * record.statistics["undirected"]
    assert isinstance(config.task["batch_size"], int)  # named, so that the run keeps its name
    assert links_a_step(config.task["batch_size"], int(learnt)) < learnt / 2
