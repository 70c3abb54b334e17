# `make demo` and `make test` set up everything they need in .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := $(VENV)/clients
STAMP := $(VENV)/installed
DATA ?= .kamome
PORT ?= 4566
SMTP_PORT ?= 2525

.PHONY: install demo demo-fan-out demo-json-ingest demo-mailer serve test check clients bench lock clean

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	touch $(STAMP)

demo: install
	$(BIN)/kamome demo inbound-mail

demo-fan-out: install
	$(BIN)/kamome demo fan-out

demo-json-ingest: install
	$(BIN)/kamome demo json-ingest

demo-mailer: install
	$(BIN)/kamome demo mailer

serve: install
	$(BIN)/kamome serve --port $(PORT) --smtp-port $(SMTP_PORT) --data $(DATA)

# Everything a laptop can run. The fast checks come first, so that they fail first.
# Those of `make clients` are asked where they are there.
test: export PATH := $(PATH):$(CURDIR)/$(CLIENTS)/bin
test: export NODE_PATH := $(CURDIR)/$(CLIENTS)/node_modules
test: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 2 --dist worksteal -p no:cacheprovider

# Under a minute, once the types have been checked: what to run before a commit, with the suite of
# the slice that was changed. What needs a server or other people's clients waits for `make test`.
QUICK = tests/house tests/clock tests/storage
check: install
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet --numprocesses 2 --dist worksteal -m "not slow" $(QUICK)

bench: install
	$(BIN)/python bench/run.py

# New versions of everything, with hashes and without index addresses.
lock: install
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-header --extra dev --output-file requirements/dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --constraint requirements/dev.txt \
	  --output-file requirements/runtime.txt pyproject.toml

# Clients that others wrote, of which tests ask what they make of our answers; tests that find none
# are skipped. In an environment of their own: s3fs holds botocore below the one that we test with.
clients: install
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLIENTS)
	$(BIN)/uv pip install --quiet --python $(CLIENTS)/bin/python --requirement tests/clients/requirements.txt
	ln -s python $(CLIENTS)/bin/python-of-clients
	npm install --silent --no-fund --no-audit --no-package-lock --install-links --prefix $(CLIENTS) ./tests/clients

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
