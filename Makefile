# Two commands do all their own set-up: `make demo` runs the main job end to end, `make test` passes every check.
# `make soak` tells ten times as many stories, searches for plans that lock people out, kills a worker at every call,
# and plants every mutation; it takes hours.
PYTHON ?= python3
BIN := .venv/bin
CODE := function_app.py functions shared simulator local cli bench tests
# The worker library declares Python 3.13 for its place in Azure; it runs on 3.11 and 3.12 all the same.
WORKER := azure-functions-runtime==1.3.0

SEEDS ?= 10000

.PHONY: demo test soak mutations check setup clean

demo: setup
	$(BIN)/python -m local.demo $(if $(FROM),--from "$(FROM)") $(if $(JSON),--json "$(JSON)") $(if $(KEEP),--keep) \
	  $(if $(START),--start-only) $(if $(OBJECTS),--objects $(OBJECTS))

test: check
	$(BIN)/python -m pytest -n 3 --dist loadfile

soak: setup
	$(BIN)/python -m tests.simulation.soak --seeds $(SEEDS)
	$(BIN)/python -m tests.properties.lockout_search --seeds 15000
	TIDEMARK_SOAK=1 $(BIN)/python -m pytest -n 3 --dist loadfile tests/simulation/test_every_death.py \
	  tests/simulation/test_every_death_of_an_undo.py
	$(BIN)/python -m tests.mutations

mutations: setup
	$(BIN)/python -m tests.mutations

check: setup
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports
	$(BIN)/mypy

setup: .venv/ready node_modules/ready

.venv/ready: requirements.txt requirements-dev.txt constraints.txt pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else 'Tidemark needs Python 3.11 to 3.13')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python $(WORKER)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

node_modules/ready: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
