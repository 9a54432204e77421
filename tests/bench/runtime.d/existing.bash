# shellcheck shell=bash
# What a verb costs beside containers that exist already. Those are created and wait for their start; they share the host's
# network, because a thousand network namespaces would slow down the kernel for every runtime alike.
# shellcheck disable=SC2154  # of tests/bench/runtime and the files beside this one

existing_numbers=${NEMOCLAW_BENCH_EXISTING:-1 100 1000}

# fill COUNT: so many containers exist afterwards
fill() {
  while [ "$present" -lt "$1" ]; do
    present=$((present + 1))
    "${runtime[@]}" create --bundle "$work/idle" "idle-$present" </dev/null >/dev/null || return 1
  done
}

bench_existing() {
  local label=ours-none number present i
  bundle idle own '.process.args = ["/bin/sleep", "1000"] | .linux.namespaces |= map(select(.type != "network")) |
    .mounts |= map(select(.type != "sysfs"))'
  printf '\n| ours, median ms, beside | run wall | run CPU | state wall | state CPU |\n|---|---|---|---|---|\n'
  present=0
  choose "$label"
  for number in $existing_numbers; do
    fill "$number" || { echo "existing: cannot make $number containers" >>"$work/problems"; return 0; }
    for ((i = 0; i < rounds; i++)); do
      measure "beside-$number-run" 5 "${runtime[@]}" run --bundle "$work/plain" b% || true
      measure "beside-$number-state" 5 "${runtime[@]}" state "idle-$number" || true
    done
    awk -v n="$number" -v a="$(median "beside-$number-run" 1)" -v b="$(median "beside-$number-run" 4)" \
      -v c="$(median "beside-$number-state" 1)" -v d="$(median "beside-$number-state" 4)" \
      'BEGIN { printf "| %d | %.2f | %.2f | %.2f | %.2f |\n", n, a / 1000, b / 1000, c / 1000, d / 1000 }'
  done
  for ((; present > 0; present--)); do "${runtime[@]}" delete --force "idle-$present" >/dev/null || true; done
}
