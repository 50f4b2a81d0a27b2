# Consilium. `make run` and `make test` each work alone on a fresh Debian machine with Python 3.11 or newer.

PORT ?= 8501
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
TOOLS := $(VENV)/.tools

.PHONY: help run test check bench format system catalogues fonts screenshots runtime-libraries

help:
	@echo "make run [PORT=8501]  the app on 127.0.0.1"
	@echo "make test             everything that CI runs: check, then all tests, browser tests included"
	@echo "make check            lint, format, types, floors, catalogues"
	@echo "make bench            speed beside the peers"
	@echo "make format           format and sort the code"
	@echo "make catalogues       collect the strings of the code into the catalogues"
	@echo "make fonts            make the font files again; with INTER=folder (inter-ui, unpacked) Inter too"
	@echo "make screenshots      the pictures in docs/images, from a running app"
	@echo "make system           what must come from the system: libgomp1, chromium, a CJK font, PostgreSQL for the tests"

run: runtime-libraries $(RUNTIME)
	exec $(BIN)/python -m mtl serve --port $(PORT)

test: system $(TOOLS) check
	$(BIN)/python -m pytest -n 2 --dist loadscope

check: runtime-libraries $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/catalogues.py check

bench: runtime-libraries $(TOOLS)
	$(BIN)/python bench/train.py
	$(BIN)/python bench/explain.py
	$(BIN)/python bench/ingest.py --short

format: $(TOOLS)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

catalogues: $(TOOLS)
	$(BIN)/python tools/catalogues.py update

fonts: $(TOOLS)
	$(BIN)/python tools/fonts.py $(if $(INTER),--inter $(INTER))

screenshots: system $(TOOLS)
	$(BIN)/python tools/screenshots.py

system:
	@sh tools/system.sh libgomp1 libatomic1 chromium fonts-noto-cjk postgresql

runtime-libraries:
	@sh tools/system.sh libgomp1

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "venv is missing: apt-get install python3-venv"; exit 1; }

# The stamps are newer than the pins they were installed from.
$(RUNTIME): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(TOOLS): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(RUNTIME) $@
