# `make run` and `make test` are all that a newcomer needs; both set up by themselves.
.PHONY: run test setup lint bench update clean

BIN := .venv/bin
PYTHON ?= python3

run: .venv/.runtime
	$(BIN)/haqdar serve --demo

test: .venv/.dev
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --cov --cov-report= tests
	$(BIN)/python -m tests.coverage

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/haqdar check

bench: .venv/.dev
	$(BIN)/python -m benchmarks

setup: .venv/.runtime

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Haqdar needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv

.venv/.runtime: .venv/bin/uv requirements.lock pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	touch $@

# Newest versions that pyproject.toml allows.
update: .venv/bin/uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --all-extras pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv var
