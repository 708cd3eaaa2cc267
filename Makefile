# The commands of a newcomer and of the gate. `make demo` and `make test` set up all they need.
#
# PYTHON  the interpreter that makes the virtual environment (3.11 or later)
# VENV    where the virtual environment lies
# GPRMAX  the same of gprMax, for `make gprmax`

PYTHON ?= python3
VENV ?= .venv
GPRMAX ?= .gprmax
BIN := $(VENV)/bin
DEMO_LINE := sim_data/detectkit_sim_data/demo_line.h5
DEMO_OUT := out/demo
DEMO_FLIGHT := out/demo-flight

# Each stamp stands for one set of installed packages; it is older than pyproject.toml when they
# must be installed anew.
RUN_READY := $(VENV)/.ready-run
TEST_READY := $(VENV)/.ready-test
DEV_READY := $(VENV)/.ready-dev

# Compiled modules are kept: the tests start the program some hundred times.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench gprmax docs-steps clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

demo: $(RUN_READY) ## process the simulated line that ships, and fly a simulated mission; into out/
	$(BIN)/detectkit process $(DEMO_LINE) -o $(DEMO_OUT)
	rm -rf $(DEMO_FLIGHT)
	$(BIN)/detectkit fly --simulate -o $(DEMO_FLIGHT)
	@echo "Pictures to open:"; find $(DEMO_OUT) $(DEMO_FLIGHT) -name '*.png' | sort | sed 's/^/  /'

test: $(TEST_READY) ## run all tests, in three processes: some wait most of the time; each file stays in one
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(DEV_READY) ## check style, formatting, layers between the rooms and changelog fragments
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/towncrier build --draft --version next > /dev/null

types: $(DEV_READY) ## check the types
	$(BIN)/mypy

bench: $(TEST_READY) ## measure the speed; see docs/benchmarks.md
	$(BIN)/python -m pytest benchmarks --benchmark-enable

gprmax: $(TEST_READY) ## compare the full-wave solver with gprMax (GPL, a program beside; installs it apart)
	$(BIN)/python -m venv $(GPRMAX)
	$(GPRMAX)/bin/python -m pip install --quiet "gprMax==4.0.1"
	DETECTKIT_GPRMAX=$(abspath $(GPRMAX))/bin/python $(BIN)/python -m pytest tests/sim/gprmax -m peers

docs-steps: $(RUN_READY) ## write docs/steps.md from the installed steps
	$(BIN)/detectkit steps --markdown > docs/steps.md.new
	mv docs/steps.md.new docs/steps.md

clean: ## remove results and caches; the virtual environment stays
	rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks \
		.import_linter_cache docs/steps.md.new

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
		echo "detectkit needs Python 3.11 or later; $(PYTHON) is not (it says:" \
			"$$($(PYTHON) --version 2> /dev/null || echo nothing)). Name another one:" \
			"make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment;" \
			"on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(RUN_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[live]"
	@touch $@

$(TEST_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	@touch $@ $(RUN_READY)

$(DEV_READY): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@ $(TEST_READY) $(RUN_READY)
