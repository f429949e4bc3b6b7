# make demo   install the base (no torch) and run the main job end to end
# make test   install everything, lint, and pass the tests
PYTHON  ?= python3
VENV    ?= .venv
DATA    ?= builtin
DEVICE  ?= oip
COUNT   ?= 60
RATE    ?= 15
DRIFT_NM ?= 0
MINUTES ?= 10

BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST  := $(BIN)/python -m pytest

.PHONY: demo test test-full test-gpu soak bench lint clean

demo: $(VENV)/.base
	$(BIN)/outcrop demo --device $(DEVICE) --data "$(DATA)" --count $(COUNT) --rate $(RATE) --drift-nm $(DRIFT_NM)

test: lint
	$(PYTEST)

test-full: $(VENV)/.dev
	$(PYTEST) -m "not (soak or bench or gpu or hardware)"

# On a machine with a CUDA device, and TensorRT or tensorrt-rtx in $(VENV).
test-gpu: $(VENV)/.dev
	$(PYTEST) -m gpu tests/gpu -s

soak: $(VENV)/.dev
	OUTCROP_SOAK_MINUTES=$(MINUTES) $(PYTEST) -m soak -s

bench: $(VENV)/.dev
	$(PYTEST) -m bench -s -q

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) dist build

# The base install: what an instrument has.
$(VENV)/.base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; (3, 10) <= sys.version_info < (3, 14) or sys.exit("outcrop needs Python 3.10 to 3.13, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

# torch first and by itself: other packages ask for it without saying which build.
$(VENV)/.dev: $(VENV)/.base
	$(PIP) torch
	$(PIP) -e '.[train,dev]'
	touch $@
