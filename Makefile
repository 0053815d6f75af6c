# Every target says in one sentence what it is for; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BESIDE := .environments

.DEFAULT_GOAL := help
.PHONY: help install demo ui test soak spark bigquery bench check format lock screenshots docs clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(VENV)/installed ## Make .venv with exactly the locked dependencies.

$(VENV)/installed: requirements.lock setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## Run the main job on real data against the sandbox, and compare the result record by record.
	@$(BIN)/activation demo

ui: install ## Show the demo's assets, partitions, checks and metadata in the Dagster web UI.
	@$(BIN)/activation ui

test: install ## Run the whole test suite.
	$(BIN)/python -m pytest -n 2 --dist worksteal

soak: install ## Live through 100,000 histories of the state machine, others each time, kill 400 processes, and draw other examples (hours).
	HISTORIES=$${HISTORIES:-100000} HISTORIES_SEED=$${HISTORIES_SEED:-$$(date +%s)} \
		$(BIN)/python -m pytest -n 2 activation_platform_tests/sync/test_state_machine.py
	KILLS=$${KILLS:-400} KILLS_SEED=$${KILLS_SEED:-$$(date +%s)} \
		$(BIN)/python -m pytest -n 2 activation_platform_tests/sync/test_kill.py
	$(BIN)/python -m pytest -n 2 --hypothesis-profile soak $$(grep -rl "^@given" activation_platform_tests)

$(BESIDE)/%/installed: environments/%.lock | install  # what cannot, or need not, be among the packages of .venv
	$(PYTHON) -m venv --clear --without-pip $(@D)
	$(BIN)/python -m pip --python $(@D)/bin/python install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

spark: $(BESIDE)/spark/installed ## Carry out the SQL for Databricks by a real Spark (needs Java; half a gigabyte, ten minutes).
	PYTHONPATH=$$(echo $(CURDIR)/$(<D)/lib/python*/site-packages) $(BIN)/python -m pytest -rs -m spark \
		activation_platform_tests/sources/test_conditions_on_spark.py activation_platform_tests/sync/test_engine_on_spark.py

bigquery: $(BESIDE)/bigquery/installed ## Read from, and work in, a stand-in of BigQuery that others wrote (half a gigabyte, minutes).
	$(BIN)/python -m pytest -rs -m bqemulator \
		activation_platform_tests/sources/test_bigquery_by_others.py activation_platform_tests/sync/test_engine_by_others.py

bench: install ## Measure every figure into benchmarks/results.json and the README (an hour, 60 GiB of disk).
	$(BIN)/python -m benchmarks

check: install ## Check style, types, import floors, definitions, and the tests of segments.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check yaml
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/dg check defs
	$(BIN)/activation test

format: install ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Pin the newest allowed dependencies in requirements.lock (needs uv).
	uv pip compile setup.cfg --extra bigquery --extra dev --extra google --extra objects --extra postgres --extra redshift --extra sftp --extra snowflake \
		--universal --python-version 3.11 \
		--generate-hashes --no-header --no-strip-extras --quiet --upgrade -o requirements.lock
	for beside in environments/*.in; do uv pip compile $$beside --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet -o $${beside%.in}.lock; done

docs: install ## Write the generated pages of docs/.
	$(BIN)/activation services --markdown > docs/catalogue.md
	$(BIN)/python -m activation_platform_tests.sync.table_of_modes > docs/modes.md
	$(BIN)/python -m activation_platform_tests.sync.table_of_fingerprints > docs/fingerprint.md

screenshots: install ## Take the pictures in docs/ of the Dagster web UI (needs Chromium; runs the demo first).
	$(BIN)/activation demo --quiet
	$(BIN)/python docs/screenshots.py

clean: ## Remove what the demo and the tests left.
	rm -rf .demo .benchmarks .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
