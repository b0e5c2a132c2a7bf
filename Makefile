# qwentts-svc: 'make demo' speaks, 'make test' proves. Needs Python 3.11 or newer and make.
#
#   PYTHON=/path/to/python   interpreter for the virtual environment
#   VENV=.venv               where the environment goes
#   TEXT="..."               what 'make demo' says
#   ARGS="..."               more arguments for pytest, the soak, the benchmark

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
TEXT ?=

# The first interpreter that is new enough; a name on the PATH may be a shim that does not run.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help venv install demo test check lint types imports buf baseline dockerfile proto proto-check configs soak bench clean
.DEFAULT_GOAL := help

help: ## show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

venv: $(BIN)/python ## make the virtual environment

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; set PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

install: $(STAMP) ## install the service and its tools into it

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP) ## start the service, speak a sentence through gRPC, write demo.wav, stop the service
	@$(BIN)/qwentts demo --out demo.wav $(if $(TEXT),--text "$(TEXT)")

test: $(STAMP) ## all tests
	$(BIN)/pytest $(ARGS)

check: lint types imports buf proto-check dockerfile ## style, types, import contracts, schema, generated code

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

BASELINE := proto/baseline/qwentts-v1.binpb

buf: $(STAMP) ## the schema: style, and compatibility with the contract of the last release
	$(BIN)/buf lint
	$(BIN)/buf breaking --against $(BASELINE)

baseline: buf ## part of a release: the contract of today is the one that later versions are held to
	$(BIN)/buf build --exclude-source-info --as-file-descriptor-set -o $(BASELINE)

dockerfile: $(STAMP)
	@if test -x $(BIN)/hadolint; then $(BIN)/hadolint Dockerfile; else echo "hadolint has no build for this machine"; fi

proto-check: $(STAMP)
	$(BIN)/python proto/generate.py --check

proto: $(STAMP) ## write the generated code again
	$(BIN)/python proto/generate.py

configs: $(STAMP) ## write configs/*.toml again from the settings classes
	@for s in model runtime server; do $(BIN)/qwentts check-config --template $$s > configs/$$s.toml.tmp \
		&& mv configs/$$s.toml.tmp configs/$$s.toml || exit 1; done

# The generator needs a core of its own: the service computes on one.
soak: $(STAMP) ## all endurance tests (40 minutes), their table in docs/reliability.md
	@mkdir -p out
	$(BIN)/python -m loadtest reliability --set runtime.intra_op_threads=1 --json out/reliability.json \
		--docs docs/reliability.md $(ARGS)

bench: $(STAMP) ## cold start, time to first audio, real-time factor, time per frame
	$(BIN)/qwentts bench $(ARGS)

clean: ## remove what was made, the environment included
	rm -rf $(VENV) build dist out demo.wav src/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
