# `make` alone lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO            ?= go
GOLANGCI_LINT := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Runs a command with ONECDP_TEST_DATABASE_URL set: yours if you have set it, otherwise a throwaway server's.
WITH_POSTGRES := $(GO) run ./scripts/with-postgres

# The race detector makes SQLite's translated C 15 to 30 times slower and has nothing to find there: our own code keeps it. So do the
# driver and its C library: they hold copies of generic code such as sync.Map's, and the linker may take theirs for the whole program,
# which would report races that are none and miss those that are. internal/store tests that.
RACE := -race -gcflags='modernc.org/sqlite/lib=-race=false'

PACKAGES ?= ./...
BENCH    ?= .
FUZZTIME ?= 5s

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## serve on 127.0.0.1:8080 over SQLite in ./data
	$(GO) run .

.PHONY: demo
demo: ## the same with a made-up retail world in it
	$(GO) run . demo

.PHONY: generate
generate: ## write ent's and gqlgen's code anew
	$(GO) generate ./...

.PHONY: migration
migration: ## write the next migration of both engines: NAME=what_it_does
	@test -n '$(NAME)' || { echo 'migration: say what it does: make migration NAME=what_it_does' >&2; exit 64; }
	$(WITH_POSTGRES) $(GO) run ./internal/store/migrate '$(NAME)'

# Compares with the tree as it was before, so that it can be used in the middle of work; in a fresh clone that is what was committed.
.PHONY: verify
verify: ## generate, and fail if that changed any file
	@before=$$(mktemp); after=$$(mktemp); trap 'rm -f "$$before" "$$after"' EXIT; \
	checksums() { git ls-files -z --cached --others --exclude-standard | sort -zu | xargs -0 sha256sum 2>/dev/null || true; }; \
	checksums >"$$before"; \
	$(MAKE) --no-print-directory generate; \
	checksums >"$$after"; \
	diff "$$before" "$$after" || { echo 'verify: generated files are not up to date: run make generate and commit what it writes' >&2; exit 1; }

.PHONY: test
test: ## all tests, on SQLite and PostgreSQL
	$(WITH_POSTGRES) $(GO) test $(PACKAGES)

.PHONY: race
race: ## all tests under the race detector
	$(WITH_POSTGRES) $(GO) test $(RACE) -timeout 20m $(PACKAGES)

# Needs Node 20 and the npm registry; the other tests need neither.
.PHONY: clients
clients: ## other people's clients and linters, the examples, the image's binary
	ONECDP_TEST_CLIENTS=1 $(WITH_POSTGRES) $(GO) test -count=1 -timeout 15m ./clients

# For CI: everything below internal/, without the tests that are long under the detector.
.PHONY: race-short
race-short: ## the short tests of internal/ under the race detector
	$(WITH_POSTGRES) $(GO) test $(RACE) -short ./internal/...

.PHONY: lint
lint: ## format and style
	$(GOLANGCI_LINT) run

.PHONY: bench
bench: ## benchmarks, one run: BENCH=regexp chooses
	GOGC=400 $(WITH_POSTGRES) $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(PACKAGES) # GOGC as server.go sets it

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (5s)
	@grep -rEl --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' . | sort | while read -r file; do \
		sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file" | while read -r target; do \
			echo "$$target in $$(dirname "$$file")"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null; \
		done; \
	done

.PHONY: ci
ci: ## everything a change must pass, quickest to fail first
	$(MAKE) --no-print-directory verify
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory test
	$(MAKE) --no-print-directory clients
	$(MAKE) --no-print-directory race-short

.PHONY: clean
clean: ## remove what building and running left here (the databases in ./data stay)
	rm -rf onecdp bin dist coverage.out *.test *.prof clients/build examples/typescript/dist examples/typescript/src/generated
