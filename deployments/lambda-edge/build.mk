# The Lambda@Edge function. The Makefile of the repository's root includes this, and
# paths are relative to there; "make -f deployments/lambda-edge/build.mk edge" works too.

EDGE := deployments/lambda-edge
EDGE_DIST ?= dist/lambda-edge
# A developer's own Go settings must not change the module.
EDGE_GO := env -u GOEXPERIMENT -u GOFIPS140 -u GODEBUG GOENV=off GOFLAGS= GOWASM= GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 \
	go build -buildmode=c-shared -trimpath -buildvcs=false

.PHONY: edge
edge: $(EDGE)/node_modules/.package-lock.json ## Build the Lambda@Edge function: dist/lambda-edge.zip (PRESETS=FILE bakes in presets)
	@mkdir -p $(EDGE_DIST)
	presets=; if [ -n "$(PRESETS)" ]; then presets=$$(go run ./$(EDGE)/pack presets "$(PRESETS)") || exit 1; fi; \
		$(EDGE_GO) -ldflags="-s -w -buildid= -X main.presets=$$presets" -o $(EDGE_DIST)/edge.wasm ./cmd/edge-wasm
	cd $(EDGE) && node_modules/.bin/esbuild src/handler.mjs --bundle --platform=node --target=node22 --format=esm \
		--minify --legal-comments=none --log-level=warning \
		"--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);" \
		--outfile=$(abspath $(EDGE_DIST))/index.mjs
	cp $(EDGE)/node_modules/aws4/LICENSE $(EDGE_DIST)/LICENSE-aws4
	go run ./$(EDGE)/pack zip $(EDGE_DIST).zip $(EDGE_DIST)/LICENSE-aws4 $(EDGE_DIST)/index.mjs $(EDGE_DIST)/edge.wasm

# Lambda's versions of Node and the AWS SDK, for tests and comparisons: 360 MB.
.PHONY: edge-runtime
edge-runtime: $(EDGE)/runtime/node_modules/.package-lock.json

.PHONY: bench-edge
bench-edge: edge edge-runtime
	go run ./$(EDGE)/bench $(EDGE_DIST) $(EDGE)

$(EDGE)/node_modules/.package-lock.json $(EDGE)/runtime/node_modules/.package-lock.json: %/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

# "calotype edge" as a function URL, for the function mode.
EDGE_URL_DIST ?= dist/edge-lambda

.PHONY: edge-lambda
edge-lambda: ## Build the edge as a Lambda function URL: dist/edge-lambda.zip for arm64 (PRESETS=FILE bakes in presets)
	@mkdir -p $(EDGE_URL_DIST)
	presets=; if [ -n "$(PRESETS)" ]; then presets=$$(go run ./$(EDGE)/pack presets "$(PRESETS)") || exit 1; fi; \
		GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags lambda.norpc \
		-ldflags="-s -w -buildid= -X main.presets=$$presets" -o $(EDGE_URL_DIST)/bootstrap ./cmd/edge-lambda
	go run ./$(EDGE)/pack zip $(EDGE_URL_DIST).zip $(EDGE_URL_DIST)/bootstrap
