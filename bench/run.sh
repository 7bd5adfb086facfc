#!/usr/bin/env bash
# CPU of the whole Collector per span, as a ratio to stock Collectors in the same run: bench/run.sh [REPS] [CONFIGS]
#
#   a, b, c        stock: otlp → nop; transform and span_metrics; (b) with tail_sampling
#   metrics        llm_failure and llm_metrics alone: compare with (b)
#   default        deploy/config/default.yaml with nop in place of files: compare with (c)
#   structure      metrics without the text scorers, unscored: default without them. What all but these costs
#   volatile       default without what keeps failing spans over a crash or an overflow, and large texts small
#   lean           default with GOMEMLIMIT=1300MiB: the CPU that less memory takes
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

# collector NAME CONFIG...: a Collector that merges these configurations with the one that it is started with.
collector() {
  local name=$1 merged=""
  shift
  for config in "$@"; do merged+=" --config $config"; done
  cat >"$work/$name" <<SH
#!/bin/sh
${environment:-}
rm -rf "$work/data" && mkdir -p "$work/data" && cd "$work"
exec "$root/bin/otelcol-faultline"$merged "\$@"
SH
  chmod +x "$work/$name"
}

# The shipped configuration is merged with an overlay that names the ports and puts nop in place of files.
shipped=$root/deploy/config/default.yaml overlay=$root/bench/conf/default.yaml
collector faultline "$shipped"
collector structure "$root/bench/conf/metrics.yaml"
collector unscored "$shipped" "$overlay"
cp "$root/bench/conf/structure.yaml" "$work/structure.yaml"
cp "$root/bench/conf/structure.yaml" "$work/unscored.yaml"
collector volatile "$shipped" "$overlay"
cp "$root/bench/conf/volatile.yaml" "$work/volatile.yaml"
environment="export GOMEMLIMIT=1300MiB" collector lean "$shipped"
cp "$overlay" "$work/lean.yaml"

reps=${1:-3}
configs=${2:-a b $root/bin/otelcol-faultline@$root/bench/conf/metrics.yaml $work/structure@$work/structure.yaml
  c $work/faultline@$overlay $work/unscored@$work/unscored.yaml $work/volatile@$work/volatile.yaml
  $work/lean@$work/lean.yaml}
cd "$work"
for share in ${ERR:-0.01 0.05}; do
  out=${OUT:-$root/bin/bench-$share.jsonl}
  rm -f "$out"
  printf '\n%s failing traces, natural text\n' "$(awk "BEGIN { print 100 * $share \" %\" }")"
  OUT=$out ERR=$share "$shared/run.sh" "$root/bin/otelcol-faultline" "$shared/conf" "$configs" "$reps"
done
[ -z "${PROFILE:-}" ] || "$root/bench/profile.sh" "$work/faultline" "$overlay"
