# "make help" lists the commands.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# RACE=1 runs the tests under the race detector, as CI does.
TEST_FLAGS := $(if $(RACE),-race -timeout 20m,-timeout 10m)
MODULES := . deployments/local
# The tools that "make check-deploy" needs, with Debian's package of each. A package that starts a
# server is unpacked into bin/tools instead of being installed, without its documentation: that
# has Go packages, which would count as this module's.
DEPLOY_TOOLS := systemd-analyze:systemd jq:jq
UNPACKED_TOOLS := promtool:prometheus prometheus:prometheus
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
export CALOTYPE_CORPUS := $(if $(CORPUS),$(abspath $(CORPUS)))
export CALOTYPE_CASES := $(if $(CASES),$(abspath $(CASES)))

.PHONY: help
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## Serve everything on this machine, with some pictures: http://127.0.0.1:8080/ (PORT=8090 S3_PORT=9001 SQS_PORT=9325: other ports; PRESETS=FILE: other presets)
	exec bin/calotype-local --samples $(if $(PRESETS),--presets $(PRESETS)) $(if $(PORT),--listen 127.0.0.1:$(PORT)) $(if $(S3_PORT),--s3-listen 127.0.0.1:$(S3_PORT)) $(if $(SQS_PORT),--sqs-listen 127.0.0.1:$(SQS_PORT))

.PHONY: build
build: libvips ## Build the programs into bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -o bin/ ./cmd/calotype
	go build -o bin/ ./cmd/calotype-decode
	cd deployments/local && go build -o ../../bin/calotype-local .

include deployments/lambda-edge/build.mk

.PHONY: test
test: libvips browser docs-tools node ## Run every test, over the local S3 and SQS servers (RACE=1: under the race detector)
	for module in $(MODULES); do (cd $$module && go test $(TEST_FLAGS) ./...); done

.PHONY: check-page
check-page: browser node ## Check the page for accessibility with axe-core, at three sizes, light and dark, with 9 and with 500 pictures (SCREENSHOTS=DIR keeps pictures)
	cd deployments/local/page/check && npm ci --no-audit --no-fund
	cd deployments/local && CALOTYPE_SCREENSHOTS=$(if $(SCREENSHOTS),$(abspath $(SCREENSHOTS))) go test -tags axe -count 1 -v -run 'Accessible|ManyPictures' ./page

.PHONY: screenshot
screenshot: build browser ## Take the README's picture of the page again: docs/page.webp
	@rm -rf bin/screenshot && mkdir -p bin/screenshot
	cd deployments/local && CALOTYPE_SCREENSHOTS=$(abspath bin/screenshot) go test -count 1 -run '^TestPage$$' .
	bin/calotype render bin/screenshot/sheet.png --presets docs/page-preset.json --variants page.webp --quality 60 --out bin/screenshot
	cp bin/screenshot/page.webp/sheet.png docs/page.webp

# Debian's packages of the caches. Their services must not start: see policy-rc.d(8).
CACHES := nginx-light:nginx varnish:varnishd haproxy:haproxy apache2:apache2 squid:squid trafficserver:traffic_server
.PHONY: test-caches
test-caches: ## Run nginx, Varnish, HAProxy, Apache, Squid and Traffic Server in front of the edge (Debian's packages)
	@missing=; for cache in $(CACHES); do PATH=$$PATH:/usr/sbin command -v "$${cache##*:}" >/dev/null || missing+=" $${cache%%:*}"; done; \
	[ -z "$$missing" ] || { echo "nothing was tested: install$$missing (Debian's names)" >&2; exit 1; }
	go vet -tags caches ./deployments/caches
	go test -tags caches -count 1 -v ./deployments/caches

.PHONY: test-debian13
test-debian13: debootstrap ## Run every test in a root of Debian 13, and the engine's in the image made there (needs root)
	deployments/debian/in.sh trixie make test
	deployments/debian/in.sh trixie sh -c 'cd deployments/check && go test -count 1 -run "^TestImage" .'
	deployments/debian/in.sh trixie sh -c 'cd deployments/dist && go test -tags debian13 -count 1 -run "^TestNativeLicences" .'

.PHONY: debootstrap
debootstrap:
	@command -v debootstrap >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends debootstrap; }

.PHONY: check
check: libvips ## Check format, vet (also without cgo), staticcheck and the import rules
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not formatted, run gofmt -w: $$unformatted"; exit 1; }
	for module in $(MODULES); do (cd $$module && go vet ./... && go run $(STATICCHECK) ./...); done
	CGO_ENABLED=0 go vet ./...
	GOOS=wasip1 GOARCH=wasm go vet ./cmd/edge-wasm
	go test -run 'Imports|Decision|Cgo|Production' . ./internal/hermetic

.PHONY: vuln
vuln: libvips ## Report known vulnerabilities that the programs call; exit with 2 if the database cannot be reached
	@mkdir -p bin; for module in $(MODULES) deployments/cdk; do \
		status=0; (cd $$module && go run $(GOVULNCHECK) ./...) 2>bin/vuln.log || status=$$?; \
		if [ $$status -ne 0 ] && grep -q 'fetching vulnerabilities' bin/vuln.log; then \
			echo "nothing was checked: the database at https://vuln.go.dev cannot be reached" >&2; exit 2; \
		fi; \
		cat bin/vuln.log >&2; [ $$status -eq 0 ] || exit 1; \
	done

.PHONY: check-deploy
check-deploy: export PATH := $(CURDIR)/deployments/cdk/check/node_modules/node24/bin:$(CURDIR)/bin/tools/usr/bin:$(PATH)
check-deploy: libvips node deploy-tools edge ## Check the templates, the chart, the image, the unit, the alerts and the dashboard, without an AWS account
	@# What is tested lies outside of the tests' modules: go would take old results for new ones.
	cd deployments/check && go vet ./... && go run $(STATICCHECK) ./... && go test -count 1 -timeout 10m ./...
	cd deployments/dist && go vet ./... && go run $(STATICCHECK) ./... && go test -count 1 -timeout 10m ./...
	cd deployments/docker/oci && export CGO_ENABLED=0 && go vet ./... && go run $(STATICCHECK) ./... && go test -count 1 -timeout 10m ./...
	cd deployments/helm/check && export CGO_ENABLED=0 && go vet ./... && go run $(STATICCHECK) ./... && go test -count 1 -timeout 10m ./...
	@# The CDK needs Node 22 or later. The checks bring one, for Linux on x86_64.
	cd deployments/cdk/check && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	cd deployments/cdk && export CGO_ENABLED=0 && go vet ./... && go run $(STATICCHECK) ./... && go test -count 1 -timeout 10m ./...
	cd deployments/cdk/check && npm test --silent

# The image's architecture: amd64 or arm64.
ARCH ?= amd64
.PHONY: image
image: debootstrap ## Build the container image without a daemon, in a root of Debian 13: dist/image/calotype-image-amd64.tar, with an SBOM (needs root; ARCH=arm64 compiles for ARM)
	@[ $(ARCH) != arm64 ] || deployments/debian/in.sh trixie sh -c 'command -v aarch64-linux-gnu-gcc >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends gcc-aarch64-linux-gnu; }'
	deployments/debian/in.sh trixie env GOARCH=$(ARCH) SYSROOT=$(SYSROOT) deployments/docker/build.sh dist/image

.PHONY: dist
dist: libvips node ## Make a release in dist/release: programs, Debian package, Lambda zips, chart, SBOM, checksums
	deployments/dist/dist.sh dist/release

.PHONY: deb
deb: libvips ## Make only the Debian package, for this machine's release and architecture: dist/deb
	DEB_ONLY=1 deployments/dist/dist.sh dist/deb

# Debian's packages that docs/one-machine.md installs; the test installs nothing newer.
MACHINE := nginx:nginx-light aws:awscli curl:curl ip:iproute2 unshare:util-linux systemd-analyze:systemd
.PHONY: test-machine
test-machine: libvips ## Follow docs/one-machine.md from the package to a picture, in a copy of this machine's root (Debian, needs root)
	@missing=; for tool in $(MACHINE); do PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$${tool%%:*}" >/dev/null || missing+=" $${tool##*:}"; done; \
	[ -z "$$missing" ] || { echo "nothing was tested: install$$missing (Debian's names)" >&2; exit 1; }
	go vet -tags machine ./deployments/ec2
	go test -tags machine -count 1 -timeout 30m -v ./deployments/ec2

.PHONY: licences
licences: ## List the licences of all dependencies again: docs/licences.md
	cd deployments/dist && go build -o ../../bin/dist .
	@rm -rf bin/image-root; root=; if grep -qs '^VERSION_ID="13"' /etc/os-release; then root=bin/image-root; deployments/dist/root.sh $$root; \
	else echo "licences: the native libraries stay as listed: they are those of Debian 13 (deployments/debian/in.sh trixie make licences)" >&2; fi; \
	bin/dist licences docs/licences.md $$root

.PHONY: deploy-tools
deploy-tools:
	@missing=; for tool in $(DEPLOY_TOOLS); do command -v "$${tool%%:*}" >/dev/null || missing+=" $${tool##*:}"; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
		$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends $$missing; \
	elif [ -n "$$missing" ]; then \
		echo "nothing was checked: install$$missing (Debian's names)" >&2; exit 1; \
	fi
	@export PATH="$(CURDIR)/bin/tools/usr/bin:$$PATH"; missing=; \
	for tool in $(UNPACKED_TOOLS); do command -v "$${tool%%:*}" >/dev/null || missing="$${tool##*:}"; done; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
		mkdir -p bin/tools && $(SUDO) apt-get update -q && cd bin/tools && apt-get download -q $$missing && dpkg-deb -x "$$missing"_*.deb . && rm -r "$$missing"_*.deb usr/share/doc; \
	elif [ -n "$$missing" ]; then \
		echo "nothing was checked: install $$missing (Debian's name)" >&2; exit 1; \
	fi

.PHONY: fuzz
fuzz: libvips ## Fuzz every parser for 20 seconds each
	for module in $(MODULES); do (cd $$module; for package in $$(go list ./...); do \
		targets=$$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); \
		for target in $$targets; do \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s $$package; \
		done; \
	done) done

.PHONY: soak
soak: libvips browser firefox node ## Run the tests with their full numbers: kills, faults, memory, looks (CORPUS=DIR, CASES=DIR add a folder's pictures)
	CALOTYPE_SOAK=1 go test -tags exiftool -v -count 1 -timeout 60m -run 'Memory|Nasty|HeaderBombs|Interleavings|Exiftool|BesideFailing' ./cmd/calotype ./worker ./worker/backfill ./worker/render ./worker/metadata ./deployments/lambda-edge | grep -vE '^ +\{|no test files'
	cd deployments/local && CALOTYPE_SOAK=1 go test -v -count 1 -timeout 60m -run 'Kill|Burst|Every|Durable|Fleet|Renditions' ./... | grep -vE '^ +\{|no test files'

.PHONY: bench
bench: libvips bench-edge ## Compare with an earlier build, the codecs alone, vipsthumbnail, sharp and Pillow, the edge with the S3 server, Lambda@Edge with the AWS SDK
	@command -v vipsthumbnail >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends libvips-tools; }
	@/usr/bin/python3 -c 'import PIL' 2>/dev/null || python3 -c 'import PIL' 2>/dev/null || $(SUDO) apt-get install -qy --no-install-recommends python3-pil || echo "Pillow cannot be installed here"
	@! command -v npm >/dev/null || npm ci --silent --prefix deployments/local/bench/peers || echo "sharp cannot be installed here"
	cd deployments/local && go run ./bench $(if $(CORPUS),-photos $(CALOTYPE_CORPUS))

.PHONY: bench-debian13
bench-debian13: debootstrap ## The same in a root of Debian 13 (needs root)
	deployments/debian/in.sh trixie make bench

.PHONY: libvips
libvips:
	@if ! command -v pkg-config >/dev/null || ! pkg-config --exists vips; then \
		if command -v apt-get >/dev/null; then \
			$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends gcc pkg-config libvips-dev \
				$$(apt-cache pkgnames libheif-plugin- | grep -E 'aomenc|dav1d|libde265|x265' || true); \
		else \
			echo "libvips is missing: brew install vips libdeflate pkg-config (macOS), or your system's libvips-dev" >&2; exit 1; \
		fi; \
	fi

.PHONY: browser
browser:
	@if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null && command -v apt-get >/dev/null; then \
		$(SUDO) apt-get update -q && { $(SUDO) apt-get install -qy --no-install-recommends chromium || $(SUDO) apt-get install -qy chromium-browser; }; \
	fi

# The examples of the README and of docs are run, and a program of Python's boto3.
.PHONY: docs-tools
docs-tools:
	@missing=; for tool in curl:curl jq:jq aws:awscli; do command -v "$${tool%%:*}" >/dev/null || missing+=" $${tool##*:}"; done; \
	python3 -c 'import boto3' 2>/dev/null || /usr/bin/python3 -c 'import boto3' 2>/dev/null || missing+=" python3-boto3"; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends $$missing; }

.PHONY: firefox
firefox:
	@if ! command -v firefox-esr >/dev/null && ! command -v firefox >/dev/null && command -v apt-get >/dev/null; then \
		$(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends firefox-esr; \
	fi

.PHONY: node
node:
	@command -v npm >/dev/null || { echo "Node.js 20 or later and npm are missing: the Lambda@Edge function is built and tested with them" >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built; ./data, with pictures and jobs, stays
	rm -rf bin dist
