# Every target does its own set-up: a fresh machine needs Python 3.11+, git and make.
PYTHON ?= python3
SERVE ?= yes
PORT ?= 8000
BIN := .venv/bin

.PHONY: help setup setup-serve demo test lint bench clean

help:
	@echo "make demo            the whole loop on real photos, then the server (SERVE=no: without, PORT=8000)"
	@echo "make test            formatting, lint, types, import arrows, documentation and tests"
	@echo "make bench           compare with the peers and write benchmarks/RESULTS.md (long)"
	@echo "make setup           the environment in .venv, used again when it is there"
	@echo "make clean           remove the environments and what was built"

setup: .venv/ready
setup-serve: .venv-serve/ready

# pip and venv on purpose: the constraints name the versions that the tests ran with.
.venv/ready: pyproject.toml constraints.txt
	@echo "Setting up .venv: a few minutes the first time, nothing afterwards."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

# What a server installs: the package itself and its extra `serve`, without torch.
.venv-serve/ready: pyproject.toml constraints.txt $(shell find src -type f -not -name '*.pyc')
	@echo "Setting up .venv-serve: what a server installs, without torch."
	@$(PYTHON) -m venv .venv-serve
	@.venv-serve/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt ".[serve]"
	@.venv-serve/bin/python -m pip install -qq --disable-pip-version-check --no-deps --force-reinstall .
	@touch $@

demo: setup
ifeq ($(SERVE),no)
	$(BIN)/drivetrain demo --no-serve
else
	$(BIN)/drivetrain demo --port $(PORT)
endif

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint setup-serve
	$(PYTHON) tests/install_chromium.py
	$(BIN)/python -m pytest -n auto --dist loadfile

bench: setup setup-serve
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .venv-serve .venv-bench build drivetrain-demo src/*.egg-info
