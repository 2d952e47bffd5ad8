# Exitlane. `make help` lists what one can do.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := node_modules/.bin
# The console's page, and what it is made of.
WEB := dist/services/console/web/index.html
WEB_SOURCES := $(shell find services/console/web services/console/model -type f)

.PHONY: help demo dev test check crash chaos storm bench build generate api-release format clean up status down demo-up outage fuzz docs

# How many rounds `make crash` makes; how many kills `make chaos`, and on which database: embedded, postgres, or both in turn.
TIMES ?= 20
KILLS ?= 200
STORE ?= both
# How many malformed requests `make fuzz` sends.
REQUESTS ?= 100000

help: ## List these targets
	@echo "Exitlane: exits before entries, and no order lands twice."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | while IFS='|' read -r t d; do printf '  make %-12s %s\n' "$$t" "$$d"; done

demo: build ## Install, start everything, run orders through all slots, print what happened, stop everything
	@node dist/services/cli/main.js demo

dev: build ## Run database, sandbox, requestor and processor in one process until Ctrl-C
	@node dist/services/cli/main.js dev

test: build ## Install what is missing, build, run every test; ONLY='shared/store cli' keeps those folders
	@node .mocha/side-by-side.mjs $(ONLY)

check: build ## Format, lint, import walls, types, proto lint and compatibility, generated code, unused code
	@$(BIN)/biome ci --error-on-warnings .
	@$(BIN)/buf lint proto
	@$(BIN)/buf breaking proto --against proto/released.binpb
	@node proto/generate.mjs --check
	@node dist/services/operate/docs-main.js --check
	@node docs/traceability.mjs --check
	@$(BIN)/knip
	@echo "check: all clean"

crash: build ## Kill the services at every failpoint, TIMES=20 times each, and check what is left
	@node --enable-source-maps dist/services/e2e/chaos/placed-kills-main.js --times $(TIMES)

chaos: build ## Kill random processes under load and faults, KILLS=200 times, STORE=both|embedded|postgres, and check
	@node --enable-source-maps dist/services/e2e/chaos/chaos-main.js --store $(STORE) --kills $(KILLS) --minutes-max 60

storm: build ## Submit 1,000 exits and 1,000 entries at once, and check order, loss and books
	@node --enable-source-maps dist/services/e2e/storm/storm-main.js

bench: build ## Measure queue, API-call gate and the start of a stop-loss on this machine, in ratios; under 5 minutes
	@node dist/bench/queue.js
	@node dist/bench/gate.js
	@node dist/bench/start-latency.js

build: node_modules/.ready $(WEB) ## Install what is missing and compile to dist/
	@$(BIN)/tsc -p tsconfig.json

$(WEB): node_modules/.ready $(WEB_SOURCES)
	@$(BIN)/tsc -p services/console/web
	@$(BIN)/vite build services/console/web --logLevel warn

node_modules/.ready: package-lock.json
	@echo "Installing packages (npm ci) ..."
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

generate: node_modules/.ready ## Generate proto/gen from the proto files
	@node proto/generate.mjs

api-release: node_modules/.ready ## Declare today's API released: from now on `make check` refuses to break it
	@$(BIN)/buf build proto --exclude-source-info -o proto/released.binpb

format: node_modules/.ready ## Format and fix what can be fixed safely
	@$(BIN)/biome check --write .
	@$(BIN)/buf format -w proto

clean: ## Remove what was built or installed
	@rm -rf dist node_modules

# Where `make up` keeps everything, and how long `make outage` goes on at least.
EXITLANE_UP_DIR ?= .exitlane/up
MINUTES ?= 3
export EXITLANE_UP_DIR

up: build ## Start PostgreSQL, sandbox, two processors, two requestors and the console, each its own process, in .exitlane/up
	@node dist/services/up/main.js up

status: ## Show what make up started: process, address, health; exit code 1 when something is down
	@node dist/services/up/main.js status

down: ## Stop what make up started; WIPE=1 removes its data, too
	@node dist/services/up/main.js down $(if $(WIPE),--wipe)

demo-up: ## Play the demo on what make up started
	@test -f $(EXITLANE_UP_DIR)/env || { echo 'nothing is up here: make up starts it'; exit 1; }
	@. $(EXITLANE_UP_DIR)/env && node dist/services/cli/main.js demo --running

outage: build ## Kill each process of a stack as make up starts it, under load, for MINUTES=3, and check what is left
	@node --enable-source-maps dist/services/e2e/apart/outage/outage-main.js --minutes $(MINUTES)

fuzz: build ## Send 100,000 malformed requests (REQUESTS=n) and check that each is answered as it should be
	@node --enable-source-maps dist/services/e2e/fuzz/fuzz-main.js --requests $(REQUESTS)

docs: build ## Generate docs/settings.md from the settings' schemas, and docs/traceability.md from the tests' titles
	@node dist/services/operate/docs-main.js
	@node docs/traceability.mjs
