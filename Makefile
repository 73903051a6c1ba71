# make run     open the studio on 127.0.0.1:7860      make test    all tests      make setup    only what both need first
#
# Needs Python 3.10 or later with venv, and make. PYTHON=... chooses another Python, ARGS=... adds to the command or to pytest.

PYTHON ?= python3
VENV := .venv
# Where the environment forbids it, each of the suite's hundreds of processes would compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --disable-pip-version-check --no-input
# Made again when the pins, the project or its place change, and at no other time: what pip would find out in ten seconds.
STATE = $$(cat requirements.lock pyproject.toml | cksum) $(CURDIR)

.PHONY: run test setup install
.NOTPARALLEL:

run: setup
	@$(RUN) -m app.cli studio $(ARGS)

# The page's modules are tested from there too, in node where there is one and in Chromium. Every test has one core, so
# several files run at a time (tests/conftest.py says which together); ARGS="-n 0 -k ..." runs a few by themselves.
test: setup
	@$(RUN) -m pytest -n logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder $(ARGS)

setup:
	@if [ ! -x $(RUN) ] || [ "$$(cat $(VENV)/ready 2>/dev/null)" != "$(STATE)" ]; then $(MAKE) --no-print-directory install; fi

install:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Cineloom needs Python 3.10 or later; $(PYTHON) is %d.%d. Name another one: make PYTHON=..." % sys.version_info[:2])'
	@echo "Setting up $(VENV): once, a few minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) $$([ -t 1 ] || echo --quiet) -r requirements.lock
	@$(PIP) --quiet --no-deps --no-build-isolation -e .
	@echo "$(STATE)" > $(VENV)/ready
