# The deep-research appliance. `make help` lists the targets; everything lives in .build/.

PYTHON ?= python3
BUILD := .build
VENV := $(BUILD)/venv
BIN := $(VENV)/bin
HOMES := data data-demo
SETUP := $(BUILD)/stamps/setup
DEV := $(BUILD)/stamps/dev
ENCODE := $(BUILD)/stamps/encode
QUERY := $(BUILD)/stamps/query
SITES ?=
Q ?=
RUN ?= last

.DEFAULT_GOAL := help
.NOTPARALLEL:
export Q
.PHONY: help setup setup-encode setup-query demo test lint crawl index ask replay bench quality accept soak clean docs-site

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(SETUP) ## Build the virtual environment and llama.cpp, and check that it decodes

setup-encode: $(ENCODE) ## Add torch and FlagEmbedding, to index with BGE-M3 (the [encode] extra)

setup-query: $(QUERY) ## Add ONNX Runtime, to search what was indexed with BGE-M3 (the [query] extra)

demo: $(SETUP) ## Crawl, index and ask the demo corpus (a home of its own: data-demo)
	@APPLIANCE_HOME="$(CURDIR)/data-demo" $(BIN)/appliance demo

test: $(DEV) ## Run the tests
	@scripts/test.sh $(ARGS)

lint: $(DEV) ## Format, lint, types and import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

crawl: $(SETUP) ## Crawl SITES (addresses, or a file of sites; default: sites.toml)
	@$(BIN)/appliance crawl $(SITES)

index: $(SETUP) ## Index what was crawled
	@$(BIN)/appliance index

ask: $(SETUP) ## Ask a question: make ask Q="…"
	@$(BIN)/appliance ask "$$Q"

replay: $(SETUP) ## Replay a run: make replay RUN=… (default: the last)
	@$(BIN)/appliance replay $(RUN)

docs-site: $(SETUP) ## Crawl, index and search the HTML of Debian's python3.11-doc, served on loopback
	@scripts/debian_docs.sh

bench: $(DEV) ## Measure, each figure beside a named baseline of the same run
	@$(BIN)/python -m bench $(ARGS)

quality: $(DEV) ## Measure how well is searched, and hold the floors (bench/quality.json)
	@$(BIN)/python -m bench.quality $(ARGS)

accept: $(DEV) ## Run the check of every promise and print a row each
	@$(BIN)/python -m bench.accept $(ARGS)

soak: $(DEV) ## The full numbers of kills
	@APPLIANCE_KILLS=100 scripts/test.sh -m kill

demo-model: $(ENCODE) ## Train the demonstration model anew, the recorded run, into .build/demo (over an hour)
	@$(BIN)/python -m models.demo.train --out $(BUILD)/demo/run
	@$(BIN)/python -m models.demo.export $(BUILD)/demo/run --out $(BUILD)/demo/model
	@$(BIN)/python -m models.demo.evaluate --model $(BUILD)/demo/model/demo-researcher.gguf

clean: ## Stop the databases and remove what was built (homes stay)
	@for home in $(HOMES); do \
	  if [ -x $(BIN)/appliance ] && [ -d $$home ]; then APPLIANCE_HOME=$$home $(BIN)/appliance stop; fi; \
	done
	rm -rf $(BUILD)

$(SETUP): pyproject.toml requirements/core.txt scripts/setup.sh
	@PYTHON="$(PYTHON)" scripts/setup.sh

$(QUERY): $(SETUP) requirements/query.txt
	@echo "setup: ONNX Runtime"
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements/query.txt
	@touch $@

$(DEV): $(SETUP) requirements/dev.txt requirements/query.txt
	@echo "setup: test tools"
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements/dev.txt
	@touch $@

$(ENCODE): $(SETUP) requirements/encode.txt requirements/query.txt
	@echo "setup: torch and FlagEmbedding"
	@$(BIN)/pip install -qq --disable-pip-version-check torch==2.13.0
	@$(BIN)/pip install -qq --disable-pip-version-check -r requirements/encode.txt
	@touch $@
