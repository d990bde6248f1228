# Two commands set everything up by themselves: `make demo` and `make test`. Needed: Python 3.11+ and git.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Without compiling all that is installed: half of it is never imported.
INSTALL := install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt
PIP := $(BIN)/python -m pip $(INSTALL)

# Of a clone from before 0.2.0: both distributions own bin/tfgen, and taking the old one away later would take that along.
FORGET_OLD_NAME = ! ls -d $(VENV)/lib/python*/site-packages/tfgen-*.dist-info >/dev/null 2>&1 \
	|| $(BIN)/python -m pip uninstall --quiet --disable-pip-version-check --yes tfgen

# One test more at once than there are processors (tests/conftest.py); a file's tests, which share fixtures, stay together.
PYTEST_ARGS ?= --numprocesses=auto --dist=loadfile --no-loadscope-reorder

# With it each of thousands of processes would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo check test test-deep e2e lint types rules docs format golden bench wheel clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: $(VENV)/.demo ## the main job on this machine: no AWS account, no Terraform needed
	$(BIN)/tfgen demo

test: $(VENV)/.test ## all tests that this machine can run; what was left out is named at the end
	$(BIN)/python -m pytest $(PYTEST_ARGS) --durations=10

check: lint ## linters and unit tests, within a minute: before each commit
	$(BIN)/python -m pytest -q $(PYTEST_ARGS) tests/unit

# DEEP="--deep-part 2/4": the second quarter of them.
test-deep: $(VENV)/.test ## the tests that can try more, with all of it: every example, every process really started
	$(BIN)/python -m pytest $(PYTEST_ARGS) --durations=10 --deep $(DEEP)

e2e: $(VENV)/.test ## both images built for real, and all that can go wrong: root, packer, mmdebstrap, shellcheck, awscli
	$(BIN)/python -m pytest $(PYTEST_ARGS) tests/e2e

lint: $(VENV)/.lint ## ruff, mypy, import-linter, generated files as they should be
	@$(MAKE) --no-print-directory --jobs=2 types rules

types: # takes longer than all of the rules
	$(BIN)/mypy

rules:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python tools/check_rooms.py
	$(BIN)/python tools/check_release.py
	$(BIN)/tfgen sync --check
	$(BIN)/tfgen lint --strict
	$(BIN)/python tools/module_v1.py --check
	$(BIN)/python tools/reference.py --check
	$(BIN)/python tools/module_docs.py --check terraform/modules/*

docs: $(VENV)/.docs ## the site of the documentation, in build/docs/site; a dead link is an error
	$(BIN)/python tools/site_pages.py build/docs/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

format: $(VENV)/.lint ## ruff's fixes and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.test ## write the golden files anew (read the diff)
	TFGEN_GOLDEN=write $(BIN)/python -m pytest -q tests/functional/test_sync.py tests/functional/test_graph.py tests/terraform/test_module_partitions.py -k golden

bench: $(VENV)/.test ## the benchmarks, as ratios
	$(BIN)/python benchmarks/run.py

wheel: $(VENV)/.wheel ## the wheel of the commit that is checked out, in dist/, and its SHA-256: the same bytes each time
	@$(BIN)/python tools/build_wheel.py dist

clean: ## everything that these commands made
	rm -rf $(VENV) build/docs .tfgen .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("tfgen needs Python 3.11 or newer; run: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --without-pip $(VENV)
	@# Python 3.11's own pip takes twice as long to find the same versions: where Python has one, it only brings this one.
	$(PYTHON) -m pip --python $(BIN)/python $(INSTALL) pip==26.3 2>/dev/null \
		|| { $(BIN)/python -m ensurepip >/dev/null && $(PIP) pip==26.3; }

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	@$(FORGET_OLD_NAME)
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml constraints.txt
	@$(FORGET_OLD_NAME)
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.wheel: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) hatchling
	@touch $@

$(VENV)/.docs: $(BIN)/python pyproject.toml constraints.txt
	@$(FORGET_OLD_NAME)
	$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/.lint: $(BIN)/python pyproject.toml constraints.txt
	@$(FORGET_OLD_NAME)
	$(PIP) --editable '.[test,lint]'
	@touch $@ $(VENV)/.demo $(VENV)/.test
