# Two commands for users: `make run` and `make test`. The rest is for those who carry on.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test test-quick slow nightly lint types notebooks docs bench bench-quick kernels parity gpu clean

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip==26.3'

$(VENV)/.run: $(BIN)/python setup.cfg pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) -e '.[dev,plot]'
	@touch $@

run: $(VENV)/.run ## train four models on a generated Minesweeper board and print the table
	$(BIN)/gnnlab main

test: $(VENV)/.dev ## every test that is not marked slow or nightly
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m 'not slow and not nightly'

test-quick: $(VENV)/.dev ## the tests of what has changed since the last commit, and of what imports it
	$(BIN)/python -m pytest -q -n 2 -m 'not slow and not nightly' $$($(BIN)/python tests/quick.py)

slow: $(VENV)/.dev ## the tests that build wheels or train for minutes
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m 'slow and not nightly'

nightly: $(VENV)/.dev ## random wrong calls, damaged files and kills by the thousand (an hour)
	$(BIN)/python -m pytest -q -m nightly --timeout 7200

lint: $(VENV)/.dev ## ruff, formatting included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict over all rooms
	$(BIN)/python gnnlab/_links.py
	$(BIN)/mypy

notebooks: $(VENV)/.dev ## execute every notebook
	$(BIN)/python -m pytest -q --nbmake --nbmake-timeout=300 notebooks

docs: $(VENV)/.dev ## the documentation site in build/docs, notebooks executed, warnings as errors
	$(BIN)/python -m sphinx -q -W --keep-going -d build/doctrees docs build/docs
	@echo build/docs/index.html

bench: $(VENV)/.dev ## time and memory beside every peer that is installed, as docs/performance.md
	$(BIN)/python benchmarks/ops.py --large --page docs/performance.md --json docs/performance.json \
		$(if $(wildcard docs/parity.json),--parity docs/parity.json)

bench-quick: $(VENV)/.dev ## three rounds on the two small graphs, printed only
	$(BIN)/python benchmarks/ops.py --quick --edges 100000

kernels: $(VENV)/.dev ## compile torch-scatter and torch-sparse against the installed torch (minutes)
	$(PIP) --no-build-isolation setuptools wheel
	$(PIP) --no-build-isolation -e '.[kernels]'

parity: kernels ## the tests of the operations on every backend, counted in docs/parity.json
	$(BIN)/python benchmarks/parity.py docs/parity.json

gpu: $(VENV)/.dev ## every kernel, layer and task on a CUDA device, once
	$(BIN)/python benchmarks/gpu_smoke.py

clean: ## remove what the build made
	rm -rf build dist *.egg-info
