# Everything that people do here. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test e2e pages check fmt lint types lock screenshots

help: ## Show these lines
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: packages
packages:
	@$(PYTHON) bin/install requirements.txt

install-dev: packages
	@$(PYTHON) bin/install requirements.txt requirements-dev.txt

# Translations are compiled where they are used; gettext is not needed.
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/django.po)
%.mo: %.po | packages
	@$(BIN)/pybabel --quiet compile --use-fuzzy -i $< -o $@

install: packages $(CATALOGUES:.po=.mo) ## Make the virtual environment and install MILA

run: install ## Start MILA on http://localhost:8000 (other port: make run PORT=8001)
	@exec $(BIN)/python manage.py runmila --with-parent

# Tables straight from the models, five seconds less for each process; `make e2e` migrates for real.
test: install install-dev ## Run the tests
	@$(BIN)/python -m pytest -n 2 --nomigrations

e2e: install install-dev ## Run the slow end-to-end tests: whole processes, loopback WhatsApp, Chromium
	@$(BIN)/python -m pytest -m e2e tests/whatsapp_server
	@$(BIN)/python -m pytest -m e2e -n 2 --dist loadgroup --ignore tests/whatsapp_server

pages: install install-dev ## Run the tests of every page: by every role, and in Chromium
	@$(BIN)/python -m pytest -m pages -n 2 --dist loadgroup

fmt: install-dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: install-dev ## Check format, style and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: install-dev ## Check types
	@$(BIN)/python -m mypy .

check: install install-dev lint types ## Check everything: format, lint, types, contracts, migrations, tests
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(MAKE) --no-print-directory test

lock: install-dev ## Write requirements*.txt anew from requirements*.in
	@PATH="$(CURDIR)/$(BIN):$$PATH" bin/lock

screenshots: install install-dev ## Take the pictures of the docs anew (needs Chromium)
	@$(BIN)/python bin/screenshots
