# shellcheck shell=bash
# The image that all files of this directory copy: making it takes longer than most of them.

setup_suite() {
  local library=$BATS_TEST_DIRNAME/../../lib
  source "$library/env.bash"
  source "$library/docker.bash"
  export OCI_IMAGE=$BATS_SUITE_TMPDIR/image
  : >"$BATS_SUITE_TMPDIR/ca.pem"
  T=$BATS_SUITE_TMPDIR build_image_tree "$OCI_IMAGE"
}
