# shellcheck shell=bash
# The image that all files of this directory copy: making it takes longer than most of them. NEMOCLAW_TEST_IMAGE names where it
# is kept between several calls of bats.

setup_suite() {
  local library=$BATS_TEST_DIRNAME/../../lib
  source "$library/env.bash"
  source "$library/docker.bash"
  export OCI_IMAGE=${NEMOCLAW_TEST_IMAGE:-$BATS_SUITE_TMPDIR/image}
  [ ! -d "$OCI_IMAGE" ] || return 0
  : >"$BATS_SUITE_TMPDIR/ca.pem"
  T=$BATS_SUITE_TMPDIR build_image_tree "$OCI_IMAGE.new"
  mv "$OCI_IMAGE.new" "$OCI_IMAGE"
}
