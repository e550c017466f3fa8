# Two commands on a fresh machine: `make demo` and `make test`. No package registry is named anywhere: pip's own settings decide.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
BENCH_STAMP := $(VENV)/.installed-bench

.PHONY: help install demo test check bench chaos soak cluster endure docs real-model screenshots lock clean reload shadow
help:
	@echo "make demo    install what is needed, run the sample office, open its inbox"
	@echo "make test    install and run all tests"
	@echo "make check   ruff, mypy, import-linter, the sample office"
	@echo "make bench   benchmarks, as ratios"
	@echo "make chaos   10,000 actions and 500 killed workers on each database, 2,000 random histories; prints the figures"
	@echo "make soak    100,000 cases through one office (SOAK_MAILS=…); memory and open files stay flat, prints the figures"
	@echo "make reload  1,000 cases while a flow changes three times and once breaks"
	@echo "make shadow  shadow run and discover on 2,000 mails with known truth, on disk and on Dovecot; prints the figures"
	@echo "make endure  10,000 mails on each mail server while everything goes wrong; prints the figures"
	@echo "make cluster the services of compose.yaml on this machine; Prefect is dropped meanwhile"
	@echo "make real-model  fetches 1.1 GB: a small language model on this machine, the cascade and injection with it"
	@echo "make docs    reference pages and screenshots"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment here; on Debian: apt-get install python3-venv"; exit 1; }

$(BIN)/uv: $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): $(BIN)/uv requirements.lock pyproject.toml
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(DEV_STAMP): $(STAMP) requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock
	@touch $@

$(BENCH_STAMP): $(DEV_STAMP) requirements-bench.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-bench.lock
	@touch $@

install: $(STAMP)

demo: $(STAMP)
	@$(BIN)/kontorist demo

test: $(DEV_STAMP)
	@$(BIN)/python -m tests.system_parts
	@$(BIN)/pytest

check: $(DEV_STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/kontorist check

bench: $(BENCH_STAMP)
	@for f in benchmarks/bench_*.py; do $(BIN)/python $$f || exit 1; done

chaos: $(DEV_STAMP)
	@CHAOS_ACTIONS=$${CHAOS_ACTIONS:-10000} CHAOS_KILLS=$${CHAOS_KILLS:-500} $(BIN)/python -m tests.chaos.race
	@figures=$$(mktemp); MACHINE_EXAMPLES=$${MACHINE_EXAMPLES:-2000} MACHINE_FIGURES=$$figures $(BIN)/pytest -n0 tests/store/test_machine.py && cat $$figures
	@LONG_TESTS=1 $(BIN)/pytest -n2 --dist load tests/chaos/test_faults_and_crashes.py tests/chaos/test_story.py

soak: $(DEV_STAMP)
	@$(BIN)/python -m tests.chaos.soak

cluster: $(DEV_STAMP)
	@LONG_TESTS=1 $(BIN)/pytest -n0 tests/operations/test_workers.py

reload: $(DEV_STAMP)
	@RELOAD_CASES=1000 $(BIN)/pytest -n0 -k changes_three_times tests/flows/test_shipping.py

shadow: $(DEV_STAMP)
	@$(BIN)/python -m tests.flows.past
	@$(BIN)/python -m tests.flows.past --dovecot

endure: $(DEV_STAMP)
	@$(BIN)/python -m tests.connectors.mail.endurance

docs: $(DEV_STAMP)
	@$(BIN)/python -m scripts.reference

screenshots: $(DEV_STAMP)
	@$(BIN)/python -m scripts.screenshots

real-model: $(DEV_STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps xllamacpp
	@KONTORIST_BENCH_KEEP=1 $(BIN)/python -m benchmarks.real_model

lock: $(BIN)/uv
	@$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header --universal --python-version 3.11 pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header --universal --python-version 3.11 --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header --universal --python-version 3.11 --extra dev --extra bench pyproject.toml -c requirements-dev.lock -o requirements-bench.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
