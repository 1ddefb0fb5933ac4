# carehub. `make run` and `make test` work from nothing on Debian 12 with Python 3.11 or newer; `make help` lists the rest.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ok
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

export PYTHON
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup install run test check soak bench format words screenshots lock clean

help: ## List what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '## ' Makefile

setup: $(READY) ## Make .venv with the command carehub

# The last line is the stamp: what was interrupted is done again.
$(READY): pyproject.toml requirements.lock deploy/need
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "carehub needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@deploy/need python3-venv
	@$(BIN)/python -c '' 2>/dev/null || rm -rf .venv
	@echo "Installing into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

install: ## Make .venv with the command alone, for a gateway: no tools for development
	@deploy/need python3-venv
	@$(BIN)/python -c '' 2>/dev/null || rm -rf .venv
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r deploy/run.lock
	@$(PIP) install --no-deps --no-build-isolation -e .

run: $(READY) ## Start broker, hub, simulated carrier and home on one page
	@deploy/need mosquitto || { echo "Until then the demo runs with a broker from a Python package." >&2; \
		$(PIP) install --require-hashes -r deploy/broker.lock; }
	@$(BIN)/carehub demo

test: check ## Check format, style, types and imports; run all tests but the long ones
	@deploy/need mosquitto postgresql chromium fonts-noto-cjk
	@$(PIP) install --require-hashes -r deploy/broker.lock
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(READY) ## Format, style, types, imports
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --strict hub devices simulators
	$(BIN)/lint-imports --no-logo

soak: $(READY) ## The long tests; SOAK_SECONDS and SOAK_KILLS bound them
	@deploy/need mosquitto postgresql
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n 2 --dist worksteal -m soak --timeout 7200

bench: $(READY) ## Measure; prints each figure beside the floor of the same run
	@deploy/need mosquitto
	@$(BIN)/python -m bench

format: $(READY) ## Put code into its form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

words: $(READY) ## Add to the catalogues of the console what has no Chinese yet; name what nobody says any more
	@$(BIN)/python -m tests.web.console.catalogues

screenshots: $(READY) ## Take the pictures of the README anew, from a running system
	@deploy/need mosquitto chromium fonts-noto-cjk
	$(BIN)/python -m tests.browser.screenshots

# UPGRADE=1 takes newer versions; without it only what pyproject.toml changed moves.
lock: $(READY) ## Write requirements.lock anew
	@$(PIP) install --require-hashes -r deploy/uv.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
		--generate-hashes --extra dev $(if $(UPGRADE),--upgrade) --output-file requirements.lock pyproject.toml
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
		--generate-hashes --extra build --constraint requirements.lock --output-file deploy/run.lock pyproject.toml

clean: ## Remove .venv and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
