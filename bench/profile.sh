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
# The call trees of two parts never contain each other, so the shares add up.
share() { # NAME FUNCTIONS
  local percent
  percent=$(go tool pprof -top -nodecount=100000 -nodefraction=0 -focus="$2" "$profile" 2>/dev/null |
    sed -n 's/^Showing nodes accounting for .*, \([0-9.]*%\) of .*/\1/p')
  printf '  %-46s %s\n' "$1" "${percent:-0%}"
}
echo "share of CPU, $(basename "$config"), $(awk "BEGIN { print 100 * ${ERR:-0.01} }") % failing traces"
share 'receive: protobuf' 'ExportTraceServiceRequest..UnmarshalProto'
share 'llm_failure' 'llmfailureprocessor.*processTraces'
share '  of it: score (with parsing of content)' 'score.\(\*Set\).run'
share '  of it: write (spanattr)' 'spanattr.\(\*Writer\).Write'
share '  of it: digest' 'session.NewDigest'
share 'llm_session' 'llmsessionprocessor.*processTraces'
share 'llm_session: checkpoints' 'session.\(\*Tracker\).Save'
share 'llm_metrics' 'llmmetricsconnector.\(\*counter\).count'
share 'tail_sampling' 'tailSamplingSpanProcessor..(ConsumeTraces|loop)'
share 'llm_review/latest' 'llmreviewexporter.\(\*early\).ConsumeTraces'
share 'llm_journal' 'llmjournalprocessor.\(\*entry\).processTraces'
share 'llm_review: store' 'llmreviewexporter.\(\*reviewer\).put'
share 'garbage collection' 'gcBgMarkWorker|bgsweep'
