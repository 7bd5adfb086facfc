#!/usr/bin/env bash
# Runs faultline gate and writes its reports into a folder: gate.md for a comment, gate.html to read, gate.xml for CI,
# gate.json, and candidate.jsonl with the traces of the candidate. It ends with the exit code of the gate, or with 0 and
# the code in GITHUB_OUTPUT, so that later steps can comment first.
#
#   gate.sh DIR
#
# GATE_DATASET, and as far as they are wanted GATE_EXEC, GATE_BASELINE, GATE_TRACE_URL, GATE_ARGS (a flag a line).
# FAULTLINE is the binary.
set -euo pipefail

dir=${1:?usage: gate.sh DIR}
flags=(--dataset "${GATE_DATASET:?must be set}")
[[ -z ${GATE_EXEC:-} ]] || flags+=(--exec "$GATE_EXEC" --save "$dir/candidate.jsonl")
[[ -z ${GATE_BASELINE:-} ]] || flags+=(--baseline "$GATE_BASELINE")
[[ -z ${GATE_TRACE_URL:-} ]] || flags+=(--trace-url "$GATE_TRACE_URL")
while IFS= read -r flag; do
  [[ -z $flag ]] || flags+=("$flag")
done <<<"${GATE_ARGS:-}"

mkdir -p "$dir"
for format in markdown=gate.md html=gate.html junit=gate.xml json=gate.json; do
  flags+=(--report "${format%%=*}=$dir/${format#*=}")
done
code=0
"${FAULTLINE:-faultline}" gate "${flags[@]}" || code=$?
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  echo "exit-code=$code" >>"$GITHUB_OUTPUT"
  exit 0
fi
exit "$code"
