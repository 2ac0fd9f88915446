#!/usr/bin/env bash
# mosquitto_rr, one process a request, as `roundtrip bench --peer` runs it: see docs/performance.md.
# It cannot have several requests on their way, and says so by printing nothing. Otherwise one line of JSON.
set -euo pipefail
[[ $BENCH_IN_FLIGHT == 1 ]] || exit 0
export LC_ALL=C
times=()
now_us() { printf '%s' "${EPOCHREALTIME/./}"; }
started=$(now_us)
until=$(awk -v now="$started" -v seconds="$BENCH_SECONDS" 'BEGIN { printf "%d", now + seconds * 1e6 }')
while before=${EPOCHREALTIME/./} && ((before < until)); do
    mosquitto_rr -V 5 -h "$BENCH_HOST" -p "$BENCH_PORT" -q "$BENCH_QOS" -W 10 -t "$BENCH_TOPIC" \
        -e "$BENCH_RESPONSE_TOPIC" -D publish correlation-data "$before" -m "$BENCH_PAYLOAD" >/dev/null
    times+=($((${EPOCHREALTIME/./} - before)))
done
elapsed=$((${EPOCHREALTIME/./} - started))
printf '%s\n' "${times[@]}" | sort -n | awk -v elapsed="$elapsed" '{ time[NR] = $1 }
    END { printf "{\"answers\":%d,\"per_sec\":%.1f,\"median_us\":%d,\"p99_us\":%d}\n",
        NR, NR * 1e6 / elapsed, time[int((NR + 1) / 2)], time[int(NR * 0.99 + 0.5)] }'
