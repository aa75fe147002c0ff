#!/bin/sh
# Runs a command in a network namespace of its own and captures all that crosses its loopback interface.
# Usage: unshare --net capture.sh FILE COMMAND [ARGUMENT ...]
set -eu
file=$1
shift
ip link set lo up
tcpdump -i lo -U -s 0 -B 65536 --immediate-mode -w "$file" 2>"$file.log" &
tcpdump=$!
trap 'kill "$tcpdump" 2>/dev/null || true' EXIT
tries=0
until grep -q 'listening on' "$file.log"; do
  tries=$((tries + 1))
  [ "$tries" -lt 200 ] || { cat "$file.log" >&2; exit 3; }
  sleep 0.05
done
status=0
"$@" || status=$?
sleep 0.3
kill -INT "$tcpdump"
wait "$tcpdump" || true
trap - EXIT
exit "$status"
