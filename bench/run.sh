#!/usr/bin/env bash
# CPU of the whole Collector per span, as a ratio to stock Collectors in the same run: bench/run.sh [REPS] [CONFIGS]
#
#   a, b, c        stock: otlp → nop; transform and span_metrics; (b) with tail_sampling
#   metrics        llm_failure and llm_metrics alone: compare with (b)
#   default        deploy/config/default.yaml with nop in place of files: compare with (c)
#
# The load generator and the stock configurations are in ../shared/bench, or where FAULTLINE_BENCH says. ERR is the share
# of failing traces: without it the matrix runs at 1 % and at 5 %. PROFILE=1 prints the share of each component as well.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
shared=${FAULTLINE_BENCH:-$root/../shared/bench}
[ -d "$shared" ] || { echo "no load generator at $shared; set FAULTLINE_BENCH to where it is" >&2; exit 2; }
export LOADGEN=$root/bin/loadgen
[ -x "$LOADGEN" ] || go build -C "$shared/loadgen" -o "$LOADGEN" .
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The shipped configuration is merged with an overlay that names the ports and puts nop in place of files.
cat >"$work/faultline" <<SH
#!/bin/sh
rm -rf "$work/data" && mkdir -p "$work/data" && cd "$work"
exec "$root/bin/otelcol-faultline" --config "$root/deploy/config/default.yaml" "\$@"
SH
chmod +x "$work/faultline"

reps=${1:-3}
configs=${2:-a b $root/bin/otelcol-faultline@$root/bench/conf/metrics.yaml c $work/faultline@$root/bench/conf/default.yaml}
cd "$work"
for share in ${ERR:-0.01 0.05}; do
  out=${OUT:-$root/bin/bench-$share.jsonl}
  rm -f "$out"
  printf '\n%s failing traces, natural text\n' "$(awk "BEGIN { print 100 * $share \" %\" }")"
  OUT=$out ERR=$share "$shared/run.sh" "$root/bin/otelcol-faultline" "$shared/conf" "$configs" "$reps"
done
[ -z "${PROFILE:-}" ] || "$root/bench/profile.sh" "$work/faultline" "$root/bench/conf/default.yaml"
