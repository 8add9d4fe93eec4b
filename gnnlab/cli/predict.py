"""The ``predict`` command: what a saved model says of a graph, as a table in a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

NAME = "predict"
HELP = "what a saved model says of data, as a table"
KINDS = (".csv", ".json", ".parquet")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", type=Path, help="a folder that gnnlab run --save has written")
    parser.add_argument("data", help="a dataset's name, a file of data, or package.module:function")
    parser.add_argument(
        "--out", type=_file, metavar="FILE", dest="file", help=f"ends in {', '.join(KINDS)}"
    )
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--pairs", type=Path, help="a CSV file of two node numbers a line")
    asked.add_argument("--top", type=int, metavar="K", help="each node's K best new partners")
    asked.add_argument("--embed", action="store_true", help="states in the place of predictions")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")


def command(arguments: argparse.Namespace) -> None:
    """Predict and write the table; without a file, print it."""
    from gnnlab.runner.runs.asked import data_of, pairs_of, states_table
    from gnnlab.tasks import load

    model = load(arguments.model, device=arguments.device)
    data = data_of(arguments.data, model)
    if arguments.embed:
        table = states_table(model.embed(data))
    elif arguments.top is not None:
        table = model.recommend(data, k=arguments.top).table()
    else:
        pairs = None if arguments.pairs is None else pairs_of(arguments.pairs)
        table = model.predict(data, pairs).table()
    if arguments.file is None:
        print(table.to_string(index=False))
        return
    write(arguments.file, table)
    print(f"{arguments.file}: {len(table)} rows")


def write(file: Path, table: Any) -> None:
    """Write a table as the file's name says.

    Raises:
        ValueError: parquet without pyarrow.
        NotWritten: the disk is full, say.
    """
    from gnnlab.core.writing import write_atomically, write_text

    if file.suffix == ".csv":
        write_text(file, table.to_csv(index=False))
    elif file.suffix == ".json":
        write_text(file, table.to_json(orient="records", indent=1, double_precision=15) + "\n")
    else:
        try:
            import pyarrow  # type: ignore[import-untyped]  # noqa: F401
        except ImportError as error:
            raise ValueError(
                "parquet needs pyarrow: pip install gnnlab[tables], or name a .csv file"
            ) from error
        write_atomically(file, lambda place: table.to_parquet(place, index=False))


def _file(text: str) -> Path:
    if Path(text).suffix not in KINDS:
        raise argparse.ArgumentTypeError(f"{text!r} does not end in {', '.join(KINDS)}")
    return Path(text)
