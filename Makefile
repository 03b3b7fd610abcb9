# Everything runs in .venv, which is made from the hashed requirements-dev.lock on first use.
PYTHON ?= python3
UV := 0.13.9
BIN := .venv/bin

.PHONY: help demo ui test kills readers test-ops test-e2e check format bench bench-stages bench-goals bench-check bench-lock memory growth scale lock clean

help:  ## these lines
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

demo: .venv/installed  ## a Postgres with a made-up catalogue, and three price lists exported from it into demo-output/
	@$(BIN)/python -m price_assets.demo

ui: .venv/installed  ## Dagster's UI on the demo's data, until Ctrl-C
	@$(BIN)/python -m price_assets.demo.ui

test: .venv/installed  ## all tests
	@$(BIN)/pytest -n auto --dist loadgroup

kills: .venv/installed  ## kill -9 of forty exporters and more publishers at random moments, beside a reader; PRICE_ASSETS_SEED repeats what it prints
	@PRICE_ASSETS_KILLS=20 $(BIN)/pytest -n auto price_assets_tests/cli/test_kills.py price_assets_tests/export/test_processes.py -k killed_at

readers: .venv/installed  ## SheetJS, ExcelJS and Apache POI read our XLSX, and the schemas of ECMA-376 hold it; wants a JDK and Maven
	@$(BIN)/python -m price_assets_tests.readers.install
	@PRICE_ASSETS_READERS=1 $(BIN)/pytest price_assets_tests/readers

test-ops: .venv/installed  ## Dagster's UI in a real browser, alert rules in a real Prometheus; wants Debian's chromium, prometheus, prometheus-alertmanager. PRICE_ASSETS_SCREENSHOTS=1 takes docs/'s pictures anew
	@PRICE_ASSETS_OPS=1 $(BIN)/pytest price_assets_tests/browser price_assets_tests/deployment/monitoring

test-e2e: .venv/installed  ## the CronJob kit and Dagster in the Kubernetes that KUBECONFIG names, with the images of price_assets_tests/cluster/images.py
	@PRICE_ASSETS_E2E=1 $(BIN)/pytest -n 2 --dist loadgroup price_assets_tests/cluster

check: .venv/installed  ## format, lint, types, one-way imports, definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-logo
	@home=$$(mktemp -d) && cp price_assets/demo/dagster.yaml $$home && VIRTUAL_ENV=$(CURDIR)/.venv DAGSTER_HOME=$$home $(BIN)/dg check defs; \
		code=$$?; rm -rf $$home; exit $$code  # the top-level dagster.yaml wants a Postgres

format: .venv/installed  ## put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/installed build/contestants/installed  ## ROWS (a million) by us and by others in turn, in ROUNDS (3): a table and a chart of ratios to psql's \copy in build/benchmark
	@$(BIN)/python -m benchmarks.side_by_side $(or $(ROWS),1000000) $(or $(ROUNDS),3)

bench-stages: .venv/installed  ## where the time of an export goes, step by step
	@$(BIN)/python -m benchmarks.stages $(or $(ROWS),1000000) $(or $(ROUNDS),3)

bench-goals: .venv/installed build/contestants/installed  ## the other goals of speed and size: parts of the work alone, small lists, many days, many lists; GOALS names some
	@$(BIN)/python -m benchmarks.goals $(GOALS) --rows $(or $(ROWS),1000000) --rounds $(or $(ROUNDS),3)

bench-check: .venv/installed  ## nothing takes 1.5 times as long as it did, by ratios taken in one run; wants a quiet machine
	@$(BIN)/python -m benchmarks.check

memory: .venv/installed  ## peak memory of ten million rows against that of one million, or of ten times ROWS; takes 10 GB of disk
	@$(BIN)/python -m benchmarks.memory $(ROWS)

growth: .venv/installed  ## bytes that each export run adds: to Dagster's Postgres, to the ledger, to the storage
	@$(BIN)/python -m benchmarks.growth

scale: .venv/installed  ## many price lists in the queue of Dagster: runs launched a minute, memory, growth; takes twenty minutes
	@$(BIN)/python -m benchmarks.scale

lock: .venv/installed  ## resolve the four lock files anew from pyproject.toml
	@$(BIN)/uv pip compile $(COMPILE) pyproject.toml --output-file requirements.lock
	@$(BIN)/uv pip compile $(COMPILE) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(BIN)/uv pip compile $(COMPILE) pyproject.toml --group webserver --constraint requirements-dev.lock --output-file requirements-dagster.lock
	@$(BIN)/uv pip compile $(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock

bench-lock: .venv/installed  ## resolve anew whom `make bench` holds us against
	@$(BIN)/uv pip compile $(COMPILE) benchmarks/contestants.in --output-file benchmarks/contestants.lock

# No index address goes into a lock [PK4]; it serves every Python that pyproject.toml allows.
COMPILE := --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.venv/installed: requirements-dev.lock pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, and this is %d.%d: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Installing into .venv (the first time this takes a minute) ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV)
	@$(BIN)/uv pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Those that we are held against have an environment of their own; matplotlib is in it, too.
build/contestants/installed: benchmarks/contestants.lock .venv/installed
	@echo "Installing into build/contestants (1.2 GB) ..." >&2
	@$(PYTHON) -m venv build/contestants
	@$(BIN)/uv pip sync --quiet --python build/contestants/bin/python --compile-bytecode --require-hashes benchmarks/contestants.lock
	@touch $@

clean:  ## remove all that is made here
	rm -rf .venv demo-output build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
