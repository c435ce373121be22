# The front door. "make help" prints what is behind it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
MODULES := . deployments/local
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
export CALOTYPE_CORPUS := $(if $(CORPUS),$(abspath $(CORPUS)))

.PHONY: help
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Serve everything on this machine, with some pictures: http://127.0.0.1:8080/
	exec bin/calotype-local --samples

.PHONY: build
build: libvips ## Build the programs into bin/
	@mkdir -p bin
	go build -o bin/ ./cmd/...
	cd deployments/local && go build -o ../../bin/calotype-local .

.PHONY: test
test: libvips browser ## Run every test, over the local S3 and SQS servers
	for module in $(MODULES); do (cd $$module && go test -timeout 10m ./...); done

.PHONY: check
check: libvips browser ## Format, vet (also without cgo), staticcheck, import rules, race detector
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not formatted, run gofmt -w: $$unformatted"; exit 1; }
	for module in $(MODULES); do (cd $$module && go vet ./... && go run $(STATICCHECK) ./...); done
	CGO_ENABLED=0 go vet ./...
	go test -run 'Imports|Decision|Cgo|Production' .
	for module in $(MODULES); do (cd $$module && go test -race -timeout 20m ./...); done

.PHONY: fuzz
fuzz: libvips ## Fuzz every parser for 20 seconds each
	for package in . ./edge ./worker/render; do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s $$package; \
		done; \
	done

.PHONY: soak
soak: libvips ## Run the tests' full numbers: kills, faults (CORPUS=DIR adds the pictures of a folder)
	cd deployments/local && CALOTYPE_SOAK=1 go test -v -count 1 -timeout 60m -run 'Kill|Burst|Every|Durable' ./... | grep -vE '^ +\{|no test files'

.PHONY: bench
bench: libvips ## Compare with vipsthumbnail, and the edge with the S3 server, in one run
	@command -v vipsthumbnail >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends libvips-tools; }
	cd deployments/local && go run ./bench

.PHONY: libvips
libvips:
	@if ! command -v pkg-config >/dev/null || ! pkg-config --exists vips; then \
		if command -v apt-get >/dev/null; then \
			$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends gcc pkg-config libvips-dev; \
		else \
			echo "libvips is missing: brew install vips pkg-config (macOS), or your system's libvips-dev" >&2; exit 1; \
		fi; \
	fi

.PHONY: browser
browser:
	@if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && command -v apt-get >/dev/null; then \
		$(SUDO) apt-get update -q && { $(SUDO) apt-get install -qy --no-install-recommends chromium || $(SUDO) apt-get install -qy chromium-browser; }; \
	fi

.PHONY: clean
clean: ## Remove what was built; ./data, with pictures and jobs, stays
	rm -rf bin dist
