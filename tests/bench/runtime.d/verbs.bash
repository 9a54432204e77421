# shellcheck shell=bash
# Every verb by itself.
# shellcheck disable=SC2154  # of tests/bench/runtime and the files beside this one

per_round=5
verbs="run run-docker create start state exec kill delete"

# The verbs that managers call one by one, on a container that sleeps.
life() {
  local label=$1 waits=0
  measure "$label-create" 1 "${runtime[@]}" create --bundle "$work/life" life || return 0
  measure "$label-start" 1 "${runtime[@]}" start life || true
  measure "$label-state" "$per_round" "${runtime[@]}" state life || true
  measure "$label-exec" "$per_round" "${runtime[@]}" exec life /bin/true || true
  measure "$label-kill" 1 "${runtime[@]}" kill life KILL || true
  until "${runtime[@]}" state life 2>/dev/null | grep -q '"stopped"' || [ $((waits += 1)) -gt 200 ]; do sleep 0.01; done
  measure "$label-delete" 1 "${runtime[@]}" delete life || "${runtime[@]}" delete --force life || true
}

round() {
  local label
  for label in $labels; do
    choose "$label" || continue
    measure "$label-run" "$per_round" "${runtime[@]}" run --bundle "$work/plain" b% || true
    measure "$label-run-docker" "$per_round" "${runtime[@]}" run --bundle "$work/docker" b% || true
    life "$label"
  done
  # The floor knows the hierarchies of v1 only, and works in the group that the runs before it have made.
  [ -e /sys/fs/cgroup/cgroup.controllers ] ||
    measure floor-run "$per_round" "$build/bench/floor" "$work/rootfs" "$group/f%" /bin/true || true
}

title() {
  case $1 in
    run) echo "run /bin/true" ;;
    run-docker) echo "the same, Docker's seccomp profile" ;;
    *) echo "$1" ;;
  esac
}

bench_verbs() {
  local i verb
  for ((i = 0; i < rounds; i++)); do round; done
  table "median wall ms"
  for verb in $verbs; do row_of "$(title "$verb")" "$verb" median 1 1000; done
  table "fastest wall ms"
  for verb in $verbs; do row_of "$(title "$verb")" "$verb" least 1 1000; done
  table "median CPU ms"
  for verb in $verbs; do row_of "$(title "$verb")" "$verb" median 4 1000; done
  table "peak memory, MiB"
  for verb in $verbs; do row_of "$(title "$verb")" "$verb" most 2 1024; done
}

# The fastest is what can still be compared when other programs keep the machine busy.
least() { quantile "$1" "$2" 0; }
