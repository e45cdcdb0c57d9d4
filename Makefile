# The front door of Passerelle. `make help` lists what it opens.
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
# Bytecode is made at install: without it every process starts in more than twice the time.
unexport PYTHONDONTWRITEBYTECODE

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
BIN     := .venv/bin
UI      := services/gateway/ui
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/passerelle
KAFKA   := $(CACHE)/kafka-4.1.1/.complete
CLASSES := $(CACHE)/kafka-4.1.1/.classes
ZIPKIN  := $(CACHE)/zipkin-3.5.1/.complete
TRACING := $(filter-out 0,$(TRACES))
PEERS   := .venv-peers

PACKAGES := contracts $(patsubst %/pyproject.toml,%,$(wildcard infra/*/pyproject.toml services/*/pyproject.toml))
UI_FILES := $(if $(wildcard $(UI)/package.json),$(shell find $(UI) -type f -not -path '*/node_modules/*'))
UI_TOOLS := $(if $(UI_FILES),$(UI)/node_modules/.installed)
ASSETS   := $(if $(UI_FILES),$(UI)/node_modules/.built)

.PHONY: help
help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'
	@echo
	@echo "DEMO=0 starts an empty office · TRACES=1 adds Zipkin · PASSERELLE_PORT_OFFSET=n moves every port by n"
	@echo "PASSERELLE_RUN_DIR=folder keeps data, logs and addresses elsewhere than in .run"

# --- running it ---

.PHONY: up down status logs reset
up: install ## start everything in the background (DEMO=0, TRACES=1), from any state
	@$(BIN)/python -m stack up

down: ## stop everything; data are kept
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m stack down

status: ## what runs
	@$(BIN)/python -m stack status

logs: ## the end of every log, followed on a terminal
	@$(BIN)/python -m stack logs

reset: ## stop everything and delete the data of this stack
	@$(BIN)/python -m stack reset

# --- working on it ---

.PHONY: test test-quick check journeys chaos rules bench bench-peers format lock
test: setup ## every test
	@$(BIN)/python -m pytest -m "not chaos" $(PARALLEL) || { [ $$? -eq 1 ] && $(BIN)/python -m pytest -m "not chaos" --last-failed; }

test-quick: install ## the tests that need no more than a few seconds each
	@$(BIN)/python -m pytest -m "not slow" $(PARALLEL)

# As many processes as there are cores, four at most, each with a broker and a store of its own.
PARALLEL := --numprocesses logical --maxprocesses 4 --no-loadscope-reorder

check: machine .venv/.installed $(UI_TOOLS) ## format, lint, types, layers, dependencies, sizes, contracts, translations
	@infra/check/run

journeys: setup ## whole stories, all services as processes
	@$(BIN)/python -m pytest tests/journeys

rules: setup ## each rule switched off in turn: which test sees it (ONLY=package, MATCHING=text, MINUTES=n, FRESH=1)
	@$(BIN)/python -m tests.rules $(ONLY) $(if $(MATCHING),--matching $(MATCHING)) \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(FRESH),--afresh)

chaos: setup ## kill, freeze and restart everything under load, then prove that nothing was lost (MINUTES=10, SEED=n)
	@$(BIN)/python -m tests.chaos --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

bench: setup ## floors and product side by side (ONLY="projection relay")
	@$(BIN)/python -m tests.bench $(ONLY)

bench-peers: setup $(PEERS)/.installed ## the product beside other libraries on the same work, in an environment of their own
	@$(BIN)/python -m tests.bench peers

format: .venv/.installed ## rewrite the code in the agreed format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: .venv/.installed ## resolve what is wanted anew into the locks
	@npm --prefix $(UI) run --silent lock
	@$(call LOCK,requirements.in,requirements.lock)
	@$(call LOCK,infra/local/java.in,infra/local/java.lock)
	@$(call LOCK,tests/bench/peers.in,tests/bench/peers.lock)
	@$(call LOCK,infra/docker/build.in,infra/docker/build.lock) -c requirements.lock
	@$(call LOCK,infra/docker/services.in $(IMAGE_PARTS),infra/docker/services.lock) -c requirements.lock \
		--no-emit-package passerelle-chassis --no-emit-package passerelle-contracts

IMAGE_PARTS := $(addsuffix /pyproject.toml,contracts infra/chassis $(wildcard services/*))
LOCK = $(BIN)/uv pip compile -q $(1) -o $(2) --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header

# --- what must be there ---

.PHONY: setup install machine store-fast
setup: install ## everything third-party, for running and for testing
	@infra/local/machine testing

install: machine .venv/.installed $(CLASSES) $(if $(TRACING),$(ZIPKIN)) $(ASSETS)

machine:
	@infra/local/machine running

store-fast: ## build the faster store into the user's cache (about 4 minutes)
	cargo install secantus-mdb --version 0.5.3-beta.196 --ignore-rust-version --root $(CACHE)

.venv/.installed: requirements.lock infra/local/java.lock $(PACKAGES:=/pyproject.toml)
	@echo "Installing Python packages"
	@[ -x $(BIN)/uv ] || infra/local/venv $(PYTHON)
	@$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --no-deps --no-build-isolation \
		$(addprefix -e ,$(PACKAGES))
	@$(BIN)/python -m compileall -q -x node_modules $(PACKAGES)
	@$(BIN)/uv pip check -q --python $(BIN)/python
	@$(BIN)/python -c 'import sys; from stack.java import find; sys.exit(not find())' || \
		$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r infra/local/java.lock
	@touch $@

$(PEERS)/.installed: tests/bench/peers.lock .venv/.installed
	@echo "Installing what the bench compares with"
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(PEERS)
	@$(BIN)/uv pip install -q --python $(PEERS)/bin/python --compile-bytecode --require-hashes -r $<
	@touch $@

$(KAFKA): infra/local/pom.xml
	@echo "Fetching Apache Kafka"
	@mvn -q -B -Dstyle.color=never -f infra/local/pom.xml -Dlibs=$(@D) package
	@touch $@

$(CLASSES): $(KAFKA) | .venv/.installed
	@echo "Keeping the classes that Kafka loads"
	@$(BIN)/python -m stack.kafka
	@touch $@

$(ZIPKIN): infra/local/pom.xml
	@echo "Fetching Zipkin"
	@mvn -q -B -Dstyle.color=never -f infra/local/pom.xml -P traces -Dlibs=$(@D) package
	@touch $@

$(UI)/node_modules/.installed: $(UI)/package-lock.json
	@echo "Installing the pages' packages"
	@cd $(UI) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI)/node_modules/.built: $(UI)/node_modules/.installed $(UI_FILES)
	@echo "Building the pages"
	@cd $(UI) && npm run --silent build
	@touch $@
