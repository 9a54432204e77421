# shellcheck shell=bash
# What does not depend on the machine's mood: the binary, and what a run asks of the kernel.
# shellcheck disable=SC2154  # of tests/bench/runtime and the files beside this one

system_calls_of() {
  command -v strace >/dev/null || return 0
  strace -f -c -o "$work/calls" "$@" </dev/null >/dev/null 2>&1 && awk '$NF == "total" {print $4}' "$work/calls"
}

bench_size() {
  local program
  program=$(readlink -f "$(command -v "$ours")")
  printf '\n| what | figure |\n|---|---|\n'
  printf '| nemoclaw-runtime, bytes | %s |\n' "$(stat -c %s "$program")"
  printf '| shared libraries that it loads at a start | %s |\n' "$(readelf -d "$program" 2>/dev/null | grep -c NEEDED || true)"
  choose ours-none
  printf '| system calls of a run, no policy | %s |\n' "$(system_calls_of "${runtime[@]}" run --bundle "$work/plain" calls)"
  if choose crun; then
    printf '| of crun | %s |\n' "$(system_calls_of "${runtime[@]}" run --bundle "$work/plain" calls)"
  fi
  [ -e /sys/fs/cgroup/cgroup.controllers ] ||
    printf '| of the floor | %s |\n' "$(system_calls_of "$build/bench/floor" "$work/rootfs" "$group/calls" /bin/true)"
}
