# Two commands do everything on a fresh machine with Python >= 3.11 and make:
#
#   make serve    the service on http://127.0.0.1:8000, without PyTorch
#   make test     every fast test
#
# `make help` lists the others. PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
# Tests run on two workers; more threads in each would only make them wait for each other.
WORKERS ?= 2

SERVE := .venv
DEV := .venv-dev
BIN := $(DEV)/bin
PIP := -m pip --disable-pip-version-check install --quiet
SOURCES := $(shell find src -type f -not -path '*/__pycache__/*')

.DEFAULT_GOAL := help
.PHONY: help serve venv venv-dev check test test-system demo bench soak fuzz-api default-bundle \
	image sbom audit lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' Makefile | expand -t 18

serve: venv  ## start the service on 127.0.0.1:8000
	$(SERVE)/bin/brainlens serve

venv: $(SERVE)/.installed  ## the environment of the service, without PyTorch

$(SERVE)/.installed: pyproject.toml README.md LICENSE NOTICE $(SOURCES)
	@$(PYTHON) scripts/check_python.py
	@test -x $(SERVE)/bin/python || $(PYTHON) -m venv $(SERVE)
	$(SERVE)/bin/python $(PIP) .
	@touch $@

venv-dev: $(DEV)/.installed  ## the environment of training, tests and tools

$(DEV)/.locked: requirements/dev.lock
	@$(PYTHON) scripts/check_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(DEV)
	$(BIN)/python $(PIP) -r requirements/dev.lock
	@touch $@

$(DEV)/.installed: $(DEV)/.locked pyproject.toml
	$(BIN)/python $(PIP) --no-deps -e .
	@touch $@

check: venv-dev  ## style, types, layers, licences
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_licences.py
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml

test: venv-dev  ## every fast test, with branch coverage
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not system" \
		--cov --cov-branch --cov-report=term --cov-fail-under=95

test-system: venv-dev  ## slow tests with real servers, kills and the notebook
	scripts/install-system-packages --check
	$(BIN)/python -m pytest -m system

demo: venv-dev  ## phantoms, three epochs, export, evaluate, serve, probe
	$(BIN)/python scripts/demo.py

bench: venv-dev  ## throughput, latency, memory and start of the service under load: IMAGES=folder
	$(BIN)/python -m benchmarks.serving --out benchmarks/results/serving.json \
		$(if $(IMAGES),--images "$(IMAGES)")

default-bundle: venv-dev  ## make the shipped bundles again: make default-bundle DATA=folder of the Cheng set
	@test -n "$(DATA)" || { echo "make default-bundle DATA=folder of the Cheng data set"; exit 2; }
	$(BIN)/python scripts/make_bundles.py --data "$(DATA)"

soak: venv-dev  ## half an hour at full load: memory flat, no descriptor leaked
	$(BIN)/python -m benchmarks.soak

fuzz-api: venv-dev  ## ask a real service all that its API document allows: CASES=300
	$(BIN)/python scripts/fuzz_api.py --cases $(or $(CASES),300)

image:  ## the container image of the service
	scripts/build-image

sbom: venv-dev  ## what the container installs, as CycloneDX
	mkdir -p build
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		-o build/sbom.json requirements/serve.lock

audit: venv-dev  ## known vulnerabilities of what the container installs (needs the network)
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements/serve.lock

lock:  ## resolve the locks in requirements/ anew
	scripts/lock $(PYTHON)
	scripts/lock-serve $(PYTHON)

clean:  ## remove environments, caches and build outputs; runs/ stays
	rm -rf $(SERVE) $(DEV) build dist htmlcov .coverage .coverage.* \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
