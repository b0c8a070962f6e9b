# Python 3.11 or later and make are all that is needed. On Windows, README.md gives the two pip lines.

# The first that runs and is new enough: a name on the path may be a shim of a version that is not in use.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt
PYTEST_OPTIONS ?=
PYTEST := pytest --numprocesses auto --maxprocesses 8 --dist worksteal
MINIMUMS := .venv-minimums/constraints.txt
PIP := -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint format types contract build bench soak minimums clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

# Stamps, so that nothing is installed twice; the sources are installed in place and need no second time.
$(VENV)/stamp-demo: pyproject.toml $(CONSTRAINTS)
	@test -n "$(PYTHON)" || { echo "placeplan needs Python 3.11 or later" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable .
	@touch $@

$(VENV)/stamp-test: $(VENV)/stamp-demo
	$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable ".[test]"
	@touch $@

$(VENV)/stamp-lint: $(VENV)/stamp-test
	$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable ".[test,lint]"
	@touch $@

$(VENV)/stamp-bench: $(VENV)/stamp-test
	$(BIN)/python $(PIP) install --constraint $(CONSTRAINTS) --editable ".[test,bench]"
	@touch $@

demo: $(VENV)/stamp-demo  ## the main job on the embedded county, ending with its report
	$(BIN)/placeplan demo --out runs/demo --replace

test: $(VENV)/stamp-test  ## every test, on every core; under ten minutes on two
	$(BIN)/$(PYTEST) $(PYTEST_OPTIONS)

lint: $(VENV)/stamp-lint  ## the linter and the formatter's check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/stamp-lint  ## write the formatter's and the import sorter's changes
	$(BIN)/ruff check --select I,RUF022 --fix .
	$(BIN)/ruff format .

types: $(VENV)/stamp-lint  ## strict types over the packages as they import
	$(BIN)/python tools/typecheck.py

contract: $(VENV)/stamp-demo  ## write TABLES.md from the description of the tables
	$(BIN)/python tools/contract.py

# The wheel runs the demo in a fresh environment and outside the source tree, where nothing else could be imported.
build: $(VENV)/stamp-test  ## the wheel, and the demo from it in a fresh environment
	rm -rf build dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	rm -rf build
	rm -rf .smoke && $(PYTHON) -m venv .smoke/venv && mkdir .smoke/elsewhere
	.smoke/venv/bin/python $(PIP) install --constraint $(CONSTRAINTS) dist/*.whl
	cd .smoke/elsewhere && ../venv/bin/placeplan demo --out demo
	test -s .smoke/elsewhere/demo/report.html
	test -s .smoke/elsewhere/demo-coverage/atlas.html
	rm -rf .smoke

# Every script but the harness; one that misses its bar does not stop the others.
bench: $(VENV)/stamp-bench  ## every benchmark beside its peers, with its bars
	@failed=; for script in $(filter-out %/harness.py,$(sort $(wildcard tests/benchmarks/*.py))); do \
		$(BIN)/python $$script || failed="$$failed $$script"; \
	done; test -z "$$failed" || { echo "missed a bar:$$failed" >&2; exit 1; }

# Each call goes on for up to 25 minutes a script from where the last one stopped (.soak/).
soak: $(VENV)/stamp-test  ## the long counts, resumed from where they stopped
	@failed=; for script in $(filter-out %/resumable.py,$(sort $(wildcard tests/soak/*.py))); do \
		$(BIN)/python $$script || failed="$$failed $$script"; \
	done; test -z "$$failed" || { echo "failed or not finished:$$failed" >&2; exit 1; }

minimums: $(VENV)/stamp-demo  ## every test with the lowest versions that pyproject.toml declares
	$(PYTHON) -m venv .venv-minimums
	$(BIN)/python tools/minimums.py > $(MINIMUMS)
	.venv-minimums/bin/python $(PIP) install --constraint $(MINIMUMS) --editable ".[test]"
	.venv-minimums/bin/$(PYTEST) $(PYTEST_OPTIONS)

clean:  ## remove what the targets above made, the environments included; runs/ stays
	rm -rf $(VENV) .venv-minimums .smoke build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
