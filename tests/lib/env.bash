# shellcheck shell=bash
# What every suite knows: where the programs are, which runtime stands in our place, a private directory for everything
# that the suite starts, and the few assertions that bats has no words for.
#
# NEMOCLAW_RUNTIME picks the runtime. With runc or crun the tests of policies skip, and what remains proves the harness.

TESTS_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$TESTS_LIB/../.." && pwd)
BUILD=${NEMOCLAW_BUILD:-$REPO/build/release}
RUNTIME=${NEMOCLAW_RUNTIME:-$BUILD/bin/nemoclaw-runtime}
CTL=$BUILD/bin/nemoclawctl
PROBES=${NEMOCLAW_PROBES:-$BUILD/probes}
export REPO BUILD RUNTIME CTL PROBES
# shellcheck source=tests/lib/cgroups.bash
source "$TESTS_LIB/cgroups.bash"

ours() { [ "$(basename "$RUNTIME")" = nemoclaw-runtime ]; }

need_ours() { ours || skip "policies need nemoclaw-runtime; this run uses $RUNTIME"; }

need_verb() { "$RUNTIME" --help 2>&1 | grep -qw -- "$1" || skip "$RUNTIME does not have the verb $1"; }

need_program() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# A directory of our own, short because the path of a unix socket ends at 107 bytes and a container id takes 64 of them.
make_private_directory() {
  T=$(mktemp -d /tmp/nct.XXXXXX)
  chmod 0755 "$T"
  NAME=$(basename "$T" | tr 'A-Z.' 'a-z-')
  export T NAME
  mkdir -p "$T/policies" "$T/log"
  write_node_config
}

# Daemons that were killed leave mounts; what is still mounted must not be followed by rm.
remove_private_directory() {
  local target
  [ -n "${T:-}" ] || return 0
  awk '{print $5}' /proc/self/mountinfo | grep "^$T/" | sort -r | while read -r target; do umount -l "$target" || true; done
  rm -rf --one-file-system "$T"
}

# The node's configuration for this suite: nothing of ours touches /run, /var or /etc.
write_node_config() {
  cat >"$T/config.yaml" <<EOF
default_policy: default
policy_directories: [$T/policies, $REPO/policy/presets]
run_directory: $T/sb
log_directory: $T/log
state_directory: $T/state
extra_ca_files: [$T/ca.pem]
EOF
}

# Global options of the runtime for one policy: `policy_options FILE|NAME|none`. Other runtimes get none.
policy_options() {
  ours || return 0
  printf '%s\n' --config "$T/config.yaml"
  [ $# -eq 0 ] || printf '%s\n' --policy "$1"
}

fail() {
  printf '%s\n' "$@" >&2
  return 1
}

# shellcheck disable=SC2154  # status and output are set by run of bats
# After `run`: the status, and every further argument a piece of text that the output must hold.
expect() {
  local wanted=$1 text
  shift
  if [ "$wanted" = nonzero ]; then
    [ "$status" -ne 0 ] || fail "expected a failure; the output was:" "$output" || return 1
  else
    [ "$status" -eq "$wanted" ] || fail "expected exit code $wanted, got $status; the output was:" "$output" || return 1
  fi
  for text in "$@"; do
    [[ $output == *"$text"* ]] || fail "expected '$text' in:" "$output" || return 1
  done
}

expect_not() {
  local text
  for text in "$@"; do
    [[ $output != *"$text"* ]] || fail "did not expect '$text' in:" "$output" || return 1
  done
}

# Polls a condition: `wait_until SECONDS COMMAND...`
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

stop_pid() {
  [ -n "${1:-}" ] || return 0
  kill "$1" 2>/dev/null || return 0
  wait_until 15 not_running "$1" || kill -9 "$1" 2>/dev/null || true
}

# A zombie whose parent has not reaped it has ended as well.
not_running() {
  [ ! -d "/proc/$1" ] || [ "$(awk '/^State/{print $2}' "/proc/$1/status" 2>/dev/null)" = Z ]
}
