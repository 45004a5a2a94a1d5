# make demo   set everything up in .venv, then compile, send and archive the sample publication
# make test   set everything up in .venv, then run all checks and tests
# make help   the rest

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# the rooms that decide; their branches are covered to at least 95 %
EMPTY  :=
COMMA  := ,
ROOMS  := writing checking rendering archive delivery audience gathering importing
CORE   := $(subst $(EMPTY) $(EMPTY),$(COMMA),$(ROOMS:%=newsletter/%/*))

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types imports docs cover pictures clean

help:
	@echo "make demo      compile, send (into a folder) and archive the sample publication"
	@echo "make test      all checks and tests"
	@echo "make lint      style of the code, and of its formatting"
	@echo "make types     mypy --strict"
	@echo "make imports   the direction of imports"
	@echo "make docs      the documentation, into docs/_build/html"
	@echo "make pictures  the pictures in docs/pictures, taken with Chromium"
	@echo "make clean     removes what was made, but never a publication's own files"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	@$(BIN)/python docs/demo.py

test: setup lint types imports docs
	@$(BIN)/pytest -n auto --cov --cov-report=
	@$(BIN)/coverage report --include='$(CORE)' --fail-under=95

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

docs: setup
	@$(BIN)/sphinx-build -q -W -n --keep-going -b html docs docs/_build/html
	@echo "Documentation built: docs/_build/html/index.html"

pictures: setup
	@$(BIN)/python docs/pictures.py

clean:
	rm -rf build demo docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis htmlcov .coverage
