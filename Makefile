# What there is to do with Sparkops. `make run` and `make test` need Python 3.11 or later, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test lint contract description-given bench docs requirements clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run  ## everything on this machine: bot, database, playground (Ctrl-C stops it)
	@$(BIN)/python -m bot run

test: $(VENV)/.test  ## the whole test suite
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test  ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

contract: description-given $(VENV)/.test  ## the Webex adapter and the playground against Webex's description: make contract WEBEX_OPENAPI=FILE
	$(BIN)/python -m tests.contract "$(WEBEX_OPENAPI)"

description-given:
	@test -n "$(WEBEX_OPENAPI)" \
		|| { echo "make contract needs Webex's OpenAPI description: make contract WEBEX_OPENAPI=webex-messaging.json. See docs/how-to/check-the-contract.md for where to get it."; exit 2; }

bench: $(VENV)/.test  ## the benches, or some: make bench ONLY=intake,roundtrip
	$(BIN)/python -m bench $(ONLY)

docs: $(VENV)/.run  ## write the reference under docs/ from the code
	$(BIN)/python -m bot reference docs/reference

requirements: $(VENV)/.test  ## pin what requirements.in and requirements-dev.in ask for
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.txt requirements.in
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements-dev.txt requirements-dev.in

clean:  ## take away what the above has made
	rm -rf $(VENV) .sparkops .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Sparkops needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.test: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
