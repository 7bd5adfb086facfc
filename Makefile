# Faultline. `make help` lists the targets.

SHELL := bash
export GOFLAGS := -trimpath
export CGO_ENABLED ?= 0

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
BIN      := bin
CONFIG   ?= deploy/config/default.yaml
GOLANGCI := v2.15.0
PROMETHEUS := v0.316.0
AXE := 4.14.1
# Writes the sampling threshold (ot=th) on kept traces.
GATES    := --feature-gates=processor.tailsamplingprocessor.usetracestate

.DEFAULT_GOAL := help

#: build both binaries into bin/
.PHONY: build
build:
	@mkdir -p $(BIN)
	go build -ldflags '-s -w' -o $(BIN)/otelcol-faultline ./cmd/otelcol-faultline
	go build -ldflags '$(LDFLAGS)' -o $(BIN)/faultline ./cmd/faultline

#: build, then start the Collector with deploy/config/default.yaml (or CONFIG=…)
.PHONY: run
run: build
	@mkdir -p data
	@printf '%s\n' '' \
	  '  send spans to       127.0.0.1:4317 (OTLP/gRPC) or http://127.0.0.1:4318 (OTLP/HTTP)' \
	  '  review page         http://127.0.0.1:8321' \
	  '  Prometheus scrape   http://127.0.0.1:8889/metrics' \
	  '  kept traces         data/traces.jsonl' \
	  '  try it              make sample     (in a second terminal)' ''
	@exec $(BIN)/otelcol-faultline $(GATES) --config $(CONFIG)

#: replay the bundled sample of failing traffic to a running Collector
.PHONY: sample
sample: $(BIN)/faultline
	$(BIN)/faultline replay --now --new-ids testdata/sample.jsonl.gz

$(BIN)/faultline:
	@mkdir -p $(BIN)
	go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/faultline

#: all tests, after installing what they need (Prometheus by go install, Chromium by apt-get where we are root)
.PHONY: test
test: test-tools
	go test -timeout 15m ./...

#: tests of concurrent packages with the race detector (needs a C compiler), but for those that measure time
.PHONY: race
race:
	CGO_ENABLED=1 go test -race -short -skip 'Hostile|IsBounded' -timeout 15m ./internal/words ./internal/price ./internal/dialect \
	  ./internal/pipeline ./internal/score/... ./internal/jsonschema ./internal/session ./internal/budget ./internal/meter \
	  ./internal/review/... ./internal/web/... ./internal/draw ./internal/duplicate ./internal/journal ./internal/kvlog \
	  ./internal/judge/... ./internal/otlpserver ./internal/runner ./internal/webhook \
	  ./processor/... ./connector/... ./exporter/... ./receiver/... ./extension/...

#: the circle: a failing trace is flagged, confirmed and exported, and the gate blocks the candidate that repeats it
.PHONY: circle
circle: build
	go test -count=1 -v -run 'TestCircle' ./e2e

#: the story of eleven days: two agents who ask each other are stopped at their limit, through the built Collector and the Python guard
.PHONY: story
story: build
	go test -count=1 -v -run 'Story|Guard|Loop' ./e2e

#: the end-to-end tests alone: the built Collector, real ports, the dialect corpus
.PHONY: e2e
e2e:
	go test -count=1 -v ./e2e

#: random faults under load, for CHAOS (1m); CHAOS_SEED repeats a run
.PHONY: chaos
chaos:
	CHAOS=$(or $(CHAOS),1m) CHAOS_SEED=$(CHAOS_SEED) go test -count=1 -v -timeout 120m -run '^TestChaos$$' ./e2e | grep -E '^ *chaos_test|^(---|ok|FAIL)'

#: steady load for SOAK (1h); memory must stay flat within 5 %
.PHONY: soak
soak:
	SOAK=$(or $(SOAK),1h) go test -count=1 -v -timeout 26h -run '^TestSoak$$' ./e2e

#: the review store with SCALE (1000000) items, and under load: ingest, and 200 reviewers who claim cases
.PHONY: scale
scale:
	FAULTLINE_LOAD=1 FAULTLINE_SCALE=$(or $(SCALE),1000000) go test -count=1 -v -timeout 120m \
	  -run '^(TestScale|TestIngestLoad|TestClaimLoad)$$' ./internal/review/sqlstore | grep -E 'p95|p99|spans|reviewer|^(---|ok|FAIL)'

#: real SDKs through the built Collector, recorded anew (needs Node; CLIENTS=name,name for some)
.PHONY: clients
clients:
	@command -v npm >/dev/null || { echo 'no Node here: make test checks the recorded spans'; exit 0; }; \
	  set -e; (cd e2e/clients && npm ci --ignore-scripts); \
	  CLIENTS=$(or $(CLIENTS),all) go test -count=1 -v -timeout 60m -run '^TestClients$$' ./e2e; \
	  UPDATE=1 go test -count=1 ./e2e/clients

#: the figures, one line each: precision and recall on testdata/eval, the cases of testdata/reports; then conformance and the rest, with ../shared/corpus
.PHONY: eval
eval:
	@set -o pipefail; go test -count=1 -v -run '^(TestEvalRows|TestEvalReports)$$' ./internal/eval | grep -vE '^(===|PASS)'
	@set -o pipefail; FAULTLINE_EVAL=full go test -count=1 -v -run 'Conformance|Eval|Suite|MaskBench|Compile|AreFound' \
	  -skip '^(TestEvalRows|TestEvalReports)$$' ./internal/dialect ./internal/pipeline ./internal/price ./internal/eval ./internal/score/pattern ./internal/jsonschema \
	  | grep -E '^(---|ok|FAIL)|: |\|' | grep -vE '=== '

#: fit the models of the text scorers to the labelled corpus (FAULTLINE_CORPUS, or ../shared/corpus)
.PHONY: train
train:
	go run ./cmd/train -corpus $(or $(FAULTLINE_CORPUS),../shared/corpus)

#: speed: the shipped configuration beside stock Collectors at 1 % and 5 % failing traces (needs ../shared/bench, python3)
.PHONY: bench
bench: build
	bench/run.sh

#: micro-benchmarks
.PHONY: microbench
microbench:
	go test -run '^$$' -bench . -benchmem -cpu 1 ./internal/words ./internal/linear ./internal/price ./internal/dialect \
	  ./internal/pipeline ./internal/session ./internal/score/... ./connector/...

#: fuzz each target for FUZZTIME (20s)
.PHONY: fuzz
fuzz:
	bench/fuzz.sh $(or $(FUZZTIME),20s)

#: golangci-lint
.PHONY: lint
lint: $(BIN)/golangci-lint
	$(BIN)/golangci-lint run --allow-parallel-runners ./...

#: write everything that is generated: the Collector's main, component metadata, dashboards, alerts, reference pages, the sample
.PHONY: generate
generate: $(BIN)/builder $(BIN)/mdatagen
	$(BIN)/builder --config builder-config.yaml --skip-get-modules --skip-compilation >/dev/null
	@for f in processor/*/metadata.yaml connector/*/metadata.yaml exporter/*/metadata.yaml receiver/*/metadata.yaml extension/*/metadata.yaml; do \
	  (cd $$(dirname $$f) && $(CURDIR)/$(BIN)/mdatagen metadata.yaml) || exit 1; done
	go run ./cmd/gen
	@go test -count=1 ./internal/sample -run TestBundledSampleIsCurrent -update >/dev/null
	gofmt -w cmd/otelcol-faultline

#: make the embedded price book of a list of prices (PRICES=prices.json)
.PHONY: prices
prices:
	@test -n '$(PRICES)' || { echo 'which list? make prices PRICES=prices.json'; exit 2; }
	go run ./cmd/gen -prices '$(PRICES)'

#: fail when what is generated is not what is committed
.PHONY: check-generated
check-generated: generate
	@git diff --exit-code --stat || { echo 'generated files are stale: run make generate and commit'; exit 1; }

.PHONY: test-tools
test-tools: $(BIN)/prometheus
	@$(MAKE) --no-print-directory $(BIN)/axe.min.js || echo 'no axe-core to be had: its tests will be skipped'
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'installing Chromium for the tests of the review page'; \
	  (apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core) >/dev/null 2>&1 \
	  || echo 'no Chromium to be had: its tests will be skipped'; fi
	@if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'installing Postgres for the tests of the review store'; \
	  (apt-get update && apt-get install -y --no-install-recommends postgresql) >/dev/null 2>&1 \
	  || echo 'no Postgres to be had: its tests will be skipped'; fi

# Finds what people with a disability cannot use; the tests of the review page run it in Chromium.
$(BIN)/axe.min.js:
	@mkdir -p $(BIN)
	npm pack --silent --pack-destination $(BIN) axe-core@$(AXE) >/dev/null
	tar -xzOf $(BIN)/axe-core-$(AXE).tgz package/axe.min.js >$@.part && mv $@.part $@ && rm $(BIN)/axe-core-$(AXE).tgz

#: pictures of the review page for the documentation, in docs/img (needs Chromium)
.PHONY: screenshots
screenshots:
	go test -count=1 -run '^TestScreenshots$$' ./internal/web -args -screenshots $(CURDIR)/docs/img

# Without service discovery and remote storage of clouds, of which a dependency cannot be had.
$(BIN)/prometheus $(BIN)/promtool &:
	GOBIN=$(CURDIR)/$(BIN) go install -tags remove_all_sd github.com/prometheus/prometheus/cmd/prometheus@$(PROMETHEUS) github.com/prometheus/prometheus/cmd/promtool@$(PROMETHEUS)

$(BIN)/golangci-lint:
	GOBIN=$(CURDIR)/$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

$(BIN)/builder $(BIN)/mdatagen:
	@mkdir -p $(BIN)
	go build -C internal/tools -o $(CURDIR)/$(BIN)/ go.opentelemetry.io/collector/cmd/builder go.opentelemetry.io/collector/cmd/mdatagen

#: remove what was built
.PHONY: clean
clean:
	rm -rf $(BIN)

#: this list
.PHONY: help
help:
	@awk '/^#:/{h=substr($$0,4)} /^[a-z][a-z0-9-]*:/{if(h){split($$1,t,":");printf "  make %-16s%s\n",t[1],h;h=""}}' Makefile
