# shellcheck shell=bash
# The suites of tests/integration/oci: the runtime called directly, one file per verb or feature. Each test may use $B (the
# bundle that make_bundle makes), $ID (a container id of its own) and what tests/lib/bundle.bash has.

bats_require_minimum_version 1.5.0

load "$BATS_TEST_DIRNAME/../../lib/env.bash"
load "$BATS_TEST_DIRNAME/../../lib/docker.bash"
load "$BATS_TEST_DIRNAME/../../lib/bundle.bash"
load "$BATS_TEST_DIRNAME/../../lib/leaks.bash"

setup_file() {
  make_private_directory
  cp -a "$OCI_IMAGE" "$T/image"
}

teardown_file() {
  kill_ours
  remove_private_directory
}

# shellcheck disable=SC2034  # ID is for the tests
setup() {
  load_runtime_options
  ID=c$BATS_TEST_NUMBER
}

teardown() { remove_containers; }
