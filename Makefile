# Phase Atlas. `make app` is all a visitor needs; everything installs itself into .venv and only once.
# Works with GNU make 3.81 and later, on Linux and macOS.
PORT ?= 8501
WORKERS ?= 2

python := .venv/bin/python

# One thread of linear algebra per process: the small fits of the experiments lose time, not win it, by sharing.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help setup app test lint bench

help:
	@echo "make app     install what is needed, compile the kernels, serve the atlas on port $(PORT) (PORT=... for another)"
	@echo "make setup   only install: .venv with the pinned packages of requirements.txt"
	@echo "make test    lint, then every test, in a real browser too"
	@echo "make lint    ruff: rules and format"
	@echo "make bench   measure speed, compile times and the server"

setup: .venv/deployed

app: setup
	@exec $(python) -m scripts.serve $(PORT)

test: lint
	$(python) -m scripts.chromium
	$(python) -m scripts.warm
	$(python) -m pytest -n $(WORKERS) --dist worksteal

lint: .venv/developed
	$(python) -m ruff check .
	$(python) -m ruff format --check .

bench: .venv/developed
	$(python) -m scripts.warm
	$(python) -m benchmarks

.venv/deployed: requirements.txt scripts/setup.sh
	@sh scripts/setup.sh requirements.txt
	@touch $@

.venv/developed: .venv/deployed requirements-dev.txt
	@sh scripts/setup.sh requirements-dev.txt
	@touch $@
