# Everything that people do here. `make help` lists it.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
export PORT

.DEFAULT_GOAL := help
.PHONY: help install run test e2e check fmt lint types lock messages screenshots

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamps make a second `make run` start at once, also without a network.
$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "MILA needs Python 3.11 or newer; name one with: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing packages…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing packages for tests…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Translations are compiled where they are used; gettext is not needed.
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)
%.mo: %.po $(VENV)/.installed
	@$(BIN)/pybabel --quiet compile --use-fuzzy -i $< -o $@

install: $(VENV)/.installed $(CATALOGUES:.po=.mo) ## Make the virtual environment and install MILA

run: install ## Start MILA on http://localhost:$(PORT) (PORT=8000)
	@exec $(BIN)/python manage.py runmila

test: install $(VENV)/.installed-dev ## Run the tests
	@$(BIN)/python -m pytest -n 2

e2e: install $(VENV)/.installed-dev ## Run the slow end-to-end tests: whole processes, loopback WhatsApp, Chromium
	@$(BIN)/python -m pytest -m e2e

fmt: $(VENV)/.installed-dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: $(VENV)/.installed-dev ## Check format, style and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: $(VENV)/.installed-dev ## Check types
	@$(BIN)/python -m mypy .

check: install lint types ## Check everything: format, lint, types, contracts, migrations, tests
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(MAKE) --no-print-directory test

lock: $(VENV)/.installed-dev ## Write requirements*.txt anew from requirements*.in
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/lock
