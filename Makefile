# Two commands matter: `make demo` shows what jaxspin does, `make test` shows that it is right.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
OUT ?= results/ferrimagnet

CASE ?= *

.PHONY: help install demo test test-all lint docs benchmark experiments lock clean

help:
	@echo "make demo         fit the published CoTb films: table, figures and result file in $(OUT)"
	@echo "make test         the test suite, without its slowest tests"
	@echo "make test-all     the whole test suite: also recovers the parameters of every system from synthetic data"
	@echo "make install      the environment $(VENV), with jaxspin in it"
	@echo "make lint         ruff, pyright, import-linter"
	@echo "make docs         build the documentation, executing every page"
	@echo "make benchmark    speed, as ratios to peers; one case of it with CASE=transport"
	@echo "make experiments  reproduce every paper's table and figures"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "jaxspin needs Python 3.11 or newer; set PYTHON=/path/to/python3.11 (found: $$($(PYTHON) --version 2>&1))"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

install: $(READY)

demo: $(READY)
	$(BIN)/python experiments/ferrimagnet/run.py --out $(OUT)

# Tests and pages compile far longer than they run: without optimisation they take half of the time. The second flag is
# of XLA before JAX 0.12, which ends where it meets one that it does not know.
QUICK := --xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true
OLDER := --xla_cpu_use_fusion_emitters=false
knows = $(shell XLA_FLAGS=$(1) $(BIN)/python -c "import jax; jax.devices()" >/dev/null 2>&1 && echo $(1))
test docs: export XLA_FLAGS = $(QUICK) $(call knows,$(OLDER))
test-all: export XLA_FLAGS = $(call knows,$(OLDER))

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

test-all: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/sphinx-build -j auto --fail-on-warning --keep-going -b html docs docs/_build/html

benchmark: $(READY)
	for case in benchmarks/bench_$(CASE).py; do $(BIN)/python $$case || exit 1; done

experiments: $(READY)
	for run in experiments/*/run.py experiments/*/maps.py experiments/*/design.py; do \
	  $(BIN)/python $$run --readme || exit 1; \
	done

# Pinned with hashes and without addresses, for every Python from 3.11 on.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet \
	  --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) docs/_build results .pytest_cache .ruff_cache .hypothesis
