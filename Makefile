# What there is to do here. `make` alone prints the list.
# Only Python 3.11 or newer has to be there; everything else is installed into .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.PHONY: help setup setup-dev up test test-fast format lint check fuzz bench soak train triage-report revision

BIN := .venv/bin
# The first Python that is new enough, and by preference one that can make virtual environments.
FIND_PYTHON = for wish in 'find_spec("ensurepip") is None' 'False'; do \
	  for python in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	    "$$python" -c "import sys; from importlib.util import find_spec; sys.exit(sys.version_info < (3, 11) or $$wish)" \
	      >/dev/null 2>&1 && break 2; python=; \
	  done; done; \
	if [ -z "$$python" ]; then echo "Warmline needs Python 3.11 or newer; none was found on the PATH."; exit 1; fi

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## install what the product needs into .venv, nothing else
	@$(FIND_PYTHON); exec "$$python" deploy/setup.py run

setup-dev:
	@$(FIND_PYTHON); exec "$$python" deploy/setup.py dev

up: setup ## run everything here with demo traffic; Ctrl-C ends it
	@exec $(BIN)/warmline up --demo

test: setup-dev ## run every test
	@exec $(BIN)/python -m pytest -n auto

test-fast: setup-dev ## run the tests that need no server
	@exec $(BIN)/python -m pytest -q tests/unit tests/house

format: setup-dev ## put the code into shape
	@$(BIN)/ruff check --quiet --fix-only . ; $(BIN)/ruff format --quiet .

lint: setup-dev ## check style, types and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint ## all that CI checks, tests included
	@exec $(BIN)/python deploy/check.py

fuzz: setup-dev ## try many thousands of generated cases; takes a while
	@exec env WARMLINE_TEST_LONG=1 $(BIN)/python -m pytest -q -m fuzz

bench: setup-dev ## measure this machine; see docs/benchmarks.md
	@exec $(BIN)/python -m tests.bench --output docs/benchmarks.md

soak: setup-dev ## break one thing after the other for half an hour: make soak minutes=5 seed=2
	@exec $(BIN)/python -m tests.faults.soak --minutes $(or $(minutes),30) --rate $(or $(rate),30) --seed $(or $(seed),1)

# The same corpus and cues give the same weights, byte for byte; the report is part of docs/triage.md.
train: setup-dev
	@exec $(BIN)/warmline triage train

triage-report: setup-dev
	@exec $(BIN)/warmline triage train --report docs/triage.md

revision: setup-dev ## draft a migration from the models: make revision m="add a table"
	@exec $(BIN)/warmline revision "$(m)"
