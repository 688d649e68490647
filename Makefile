SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
STAMP := .venv/.stamp
ARGS ?=

# Debian packages that tests use where they find them: package:command
TEST_PACKAGES := chromium:chromium

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## Make .venv with .venv/bin/tracemill in it

.PHONY: demo
demo: setup ## Run the demo plant and its story (ARGS=--check: headless)
	$(BIN)/tracemill demo $(ARGS)

.PHONY: check
check: setup ## Lint, check types, check the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict src
	$(BIN)/lint-imports

.PHONY: test
test: setup test-packages check ## Everything CI runs (ARGS=... goes to pytest)
	CI=true $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

.PHONY: bench
bench: setup ## Measure speed and memory, 20 minutes (ARGS=--quick: one)
	$(BIN)/python -m bench $(ARGS)

.PHONY: lock
lock: setup ## Pin all dependencies with their hashes in requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url \
	  --all-extras --group dev pyproject.toml -o requirements.lock --quiet

.PHONY: clean
clean: ## Remove .venv, caches and build results
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# As root, what is missing is installed; otherwise a message says what to install.
.PHONY: test-packages
test-packages:
	@for pair in $(TEST_PACKAGES); do \
	  package=$${pair%%:*}; command=$${pair##*:}; \
	  if command -v "$$command" >/dev/null || ! grep -rqw --include='*.py' "$$command" tests; then continue; fi; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$$package"; \
	  else \
	    echo "tests need $$command; install it: sudo apt-get install $$package" >&2; exit 1; \
	  fi; \
	done

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which: make setup PYTHON=python3.12" >&2; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv; \
	  else \
	    echo "this Python has no venv; install it: sudo apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	fi
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --clear .venv; fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch $@
