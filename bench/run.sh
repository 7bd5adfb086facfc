#!/usr/bin/env bash
# CPU of the whole Collector a span, as a ratio to otlp → nop in the same run: bench/run.sh [REPS] [CONFIGS]
# With tail_sampling: ours-tail beside c. The load generator and the stock configurations (a, b, c) are in ../shared/bench, or where FAULTLINE_BENCH says.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
shared=${FAULTLINE_BENCH:-$root/../shared/bench}
[ -d "$shared" ] || { echo "no load generator at $shared; set FAULTLINE_BENCH to where it is" >&2; exit 2; }
export LOADGEN=$root/bin/loadgen OUT=${OUT:-$root/bin/bench.jsonl}
[ -x "$LOADGEN" ] || go build -C "$shared/loadgen" -o "$LOADGEN" .
rm -f "$OUT"
collector=$root/bin/otelcol-faultline
cd "$root/bin"
"$shared/run.sh" "$collector" "$shared/conf" "${2:-a $collector@$root/bench/conf/ours.yaml b $collector@$root/bench/conf/ours-tail.yaml c}" "${1:-3}"
