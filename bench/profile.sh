#!/usr/bin/env bash
# The share of each part of the Collector in its CPU under load, from a profile: bench/profile.sh COLLECTOR CONFIG [SECONDS]
# CONFIG must have a pprof extension on 127.0.0.1:28777. The profile stays in bin/bench.prof.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
collector=$1 config=$(realpath "$2") seconds=${3:-10} profile=$root/bin/bench.prof
GOMAXPROCS=1 taskset -c 1 "$collector" --config "$config" >"$root/bin/bench-profile.log" 2>&1 & pid=$!
for _ in $(seq 100); do (echo >/dev/tcp/127.0.0.1/24317) 2>/dev/null && break; sleep 0.1; done
GOMAXPROCS=1 taskset -c 0 "$root/bin/loadgen" -endpoint 127.0.0.1:24317 -pid $pid -warmup 6s -duration "$((seconds + 4))s" \
  -error-rate "${ERR:-0.01}" -inflight 4 >/dev/null 2>&1 & load=$!
sleep 7
curl -sf "http://127.0.0.1:28777/debug/pprof/profile?seconds=$seconds" -o "$profile"
wait $load || true
kill $pid; wait $pid 2>/dev/null || true
share() { # NAME FOCUS [IGNORE]
  local percent
  percent=$(go tool pprof -top -nodecount=1 -focus="$2" ${3:+-ignore="$3"} "$profile" 2>/dev/null |
    sed -n 's/^Showing nodes accounting for .*, \([0-9.]*%\) of .*/\1/p; s/^Active filters.*//p' | head -1)
  total=$(go tool pprof -top -nodecount=100000 -focus="$2" ${3:+-ignore="$3"} "$profile" 2>/dev/null |
    sed -n 's/^Showing nodes accounting for .*, \([0-9.]*%\) of .*/\1/p')
  printf '  %-46s %s\n' "$1" "${total:-0%}"
}
later='llmsessionprocessor|llmmetricsconnector|tailsamplingprocessor|forwardconnector|fanoutconsumer|llmrootcause'
echo "share of CPU, $(basename "$config"), $(awk "BEGIN { print 100 * ${ERR:-0.01} }") % failing traces"
share 'receiving (gRPC, protobuf)' 'grpc|otlpreceiver' 'llmfailureprocessor|memorylimiter'
share 'llm_failure' 'llmfailureprocessor' "$later"
share '  read (dialect)' 'internal/dialect' "$later"
share '  score' 'score\.\(\*Set\)' "internal/dialect|$later"
share '  write (spanattr)' 'internal/spanattr' "$later"
share '  price' 'internal/price' "$later"
share '  digest' 'session.NewDigest' "internal/dialect|$later"
share 'llm_session' 'llmsessionprocessor' 'fanoutconsumer|llmmetrics|tailsampling|forwardconnector'
share 'copy for readers and writers of one request' 'fanoutconsumer.*CopyTo|cloneTraces'
share 'llm_metrics' 'llmmetricsconnector'
share 'tail_sampling' 'tailsamplingprocessor' 'llmrootcause|llmreview|llmmetrics'
share 'llm_rootcause' 'llmrootcauseprocessor' 'llmreview|llmmetrics'
share 'llm_review' 'llmreview'
share 'garbage collection' 'gcBgMarkWorker|gcAssist|bgsweep|gcStart'
