# The two commands of the README: `make chat` and `make test`. Everything else serves them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
INDEX  := var/index
RUN    := var/runs/sample
# pip reads PIP_EXTRA_INDEX_URL: set it to take a CPU build of PyTorch (see the README).
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help chat index test slow check lint types eval bench clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Installed once per change of the pins; a stamp in the environment remembers it.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --progress-bar on --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --quiet --progress-bar on --constraint constraints.txt --editable '.[dev]'
	@touch $@

chat: $(VENV)/installed  ## build the index of the sample collection, open the chat on 127.0.0.1:7860
	@# Status 1 says that a file was quarantined: the report names it, the rest can be asked.
	$(BIN)/youju index articles --index $(INDEX) || test $$? -eq 1
	$(BIN)/youju chat --index $(INDEX)

index: $(VENV)/installed  ## only build the index of the sample collection
	$(BIN)/youju index articles --index $(INDEX)

test: $(VENV)/installed-dev  ## the tests but the slow ones, warnings as errors
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

slow: $(VENV)/installed-dev  ## the slow tests: every page in every size, scheme and language, real kills, …
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

lint: $(VENV)/installed-dev  ## style and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/installed-dev  ## mypy --strict
	$(BIN)/mypy

check: lint types test slow  ## what CI runs

eval: index  ## run the sample cases and gate them by the committed baseline
	@# A measurement is made anew: what an earlier state of the program answered is no part of it.
	rm -rf $(RUN)
	$(BIN)/youju eval run eval/sets/sample.jsonl --index $(INDEX) --output $(RUN)
	$(BIN)/youju eval report $(RUN) --baseline eval/baselines/sample.json
	$(BIN)/youju eval gate $(RUN) --baseline eval/baselines/sample.json \
	  --thresholds eval/baselines/thresholds.toml

bench: index  ## start-up, indexing and retrieval times (the first run makes up 200,000 chunks)
	$(BIN)/python -m eval.bench --index $(INDEX)
	$(BIN)/python -m eval.bench_large --chunks 200000

clean:  ## remove the environment and everything that was built
	rm -rf $(VENV) var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
