# shellcheck shell=bash
# Bundles for the runtime called directly. `rt VERB...` runs it with a private state root and no policy,
# `rt_policy POLICY VERB...` with one.

rt() { "$RUNTIME" "${RT_NONE[@]}" --root "$T/root" "$@"; }

rt_policy() {
  local policy=$1 options
  shift
  mapfile -t options < <(policy_options "$policy")
  "$RUNTIME" "${options[@]}" --root "$T/root" "$@"
}

load_runtime_options() { mapfile -t RT_NONE < <(policy_options none); }

# A fresh bundle directory $B with the suite's root file system (shared, so tests write only to tmpfs or clean up) and
# the runtime's own default config.json, without a terminal. `make_bundle [jq program...]` changes the config.
make_bundle() {
  B=$T/bundle-$BATS_TEST_NUMBER
  mkdir -p "$B"
  ln -sfn "$T/image" "$B/rootfs"
  (cd "$B" && rm -f config.json && "$RUNTIME" spec)
  configure '.process.terminal = false' ".root = {path: \"$T/image\", readonly: false}" \
    ".linux.cgroupsPath = \"/$NAME/t$BATS_TEST_NUMBER\"" "$@"
}

# Changes config.json: `configure JQ_PROGRAM...`, one after the other.
configure() {
  local joined=. program
  for program in "$@"; do joined+=" | ($program)"; done
  jq "$joined" "$B/config.json" >"$B/config.new"
  mv "$B/config.new" "$B/config.json"
}

# The process's command line: `command_line sh -c '...'`
command_line() {
  configure ".process.args = $(jq -nc '$ARGS.positional' --args -- "$@")"
}

# shellcheck disable=SC2120  # the arguments are for the tests
# A created container whose process waits. Its stdio is not ours: a pipe that the container holds would never end.
create() {
  rt create --bundle "$B" "$@" "$ID" </dev/null >"$T/out-$BATS_TEST_NUMBER" 2>&1 3>&-
}

# A running container that waits.
start_sleeper() {
  make_bundle "$@"
  command_line sleep 300
  create
  rt start "$ID"
}

container_output() { cat "$T/out-$BATS_TEST_NUMBER"; }

state_of() { rt state "$1" | jq -r .status; }

has_status() { [ "$(state_of "$1")" = "$2" ]; }

remove_containers() {
  local directory
  for directory in "$T"/root/*/; do
    [ -d "$directory" ] || continue
    rt delete --force "$(basename "$directory")" || true
  done
  remove_suite_cgroups
}
