# Every target sets up what it needs by itself; ARGS reaches the command, as in make up ARGS="..."

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PAYBIND := .venv/bin/paybind
PYTEST = $(PYTHON) -m pytest -n $(TEST_WORKERS) --dist loadgroup
TEST_WORKERS ?= 2
COVERAGE_FLOOR ?= 95
ARGS ?=

# What the first run compiled serves all later ones: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

define BRANCHES
import json, sys
totals = json.load(sys.stdin)["totals"]
share = 100 * totals["covered_branches"] / totals["num_branches"]
print(f"Branches of the code that moves money: {share:.1f} % covered, floor {sys.argv[1]} %")
sys.exit(share < float(sys.argv[1]))
endef
export BRANCHES

.PHONY: help
help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Set everything up and buy one policy, from the agent's call to the PDF in the mail
	@scripts/setup.sh run
	@$(PAYBIND) demo $(ARGS)

.PHONY: up
up: ## Start everything on this machine; Ctrl-C stops all of it
	@scripts/setup.sh run
	@exec $(PAYBIND) up $(ARGS)

.PHONY: test
test: ## Set everything up and run all tests, with the coverage of the code that moves money
	@scripts/setup.sh test
	@$(PYTEST) --cov --cov-report= $(ARGS)
	@$(PYTHON) -m coverage report --fail-under=$(COVERAGE_FLOOR)
	@$(PYTHON) -m coverage json -q -o - | $(PYTHON) -c "$$BRANCHES" $(COVERAGE_FLOOR)

.PHONY: test-fast
test-fast: ## The quick tests: no Temporal server, no simulators, no PostgreSQL, no browser, in under a minute
	@scripts/setup.sh test
	@$(PYTEST) --dist worksteal $(addprefix --ignore tests/,api mcp_server journeys benchmarks) \
		-m "not slow and not served and not browser and not postgres" --sandbox none $(ARGS)

.PHONY: check
check: ## Lint, types, security, import rules, migrations, compose file, locks
	@scripts/setup.sh check
	@scripts/check.sh

.PHONY: bench
bench: ## Measure, and print the figures as JSON
	@scripts/setup.sh run
	@$(PAYBIND) bench $(ARGS)

.PHONY: format
format: ## Let ruff mend and format the code
	@scripts/setup.sh check
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

.PHONY: lock
lock: ## Lock what pyproject.toml asks for (make lock ARGS=--upgrade: the newest of everything)
	@scripts/setup.sh check
	@scripts/lock.sh . $(ARGS)

.PHONY: clean
clean: ## Remove the virtual environment and caches; .paybind/ with its data and keys stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build *.egg-info
	@find . -name __pycache__ -prune -exec rm -rf {} +
