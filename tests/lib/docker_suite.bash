# shellcheck shell=bash
# A suite that works through a dockerd of its own: what it loads, and the functions of bats that are the same in most of
# them. A suite that needs another one defines it after loading this, and may call the pieces.

for library in env network docker leaks policies audit; do
  # shellcheck disable=SC1090
  source "$(dirname "${BASH_SOURCE[0]}")/$library.bash"
done

start_docker_suite() {
  make_private_directory
  write_policies
  start_network
  start_docker
  import_image
}

stop_docker_suite() {
  stop_docker
  stop_network
  remove_private_directory
}

remove_docker_containers() {
  [ -e "$T/no-docker" ] || docker ps -aq | while read -r id; do docker rm -f "$id" >/dev/null; done
}

# A container that waits, named by the test's ID, and where the node keeps its things.
start_agent() {
  docker run -d --name "$ID" --add-host "allowed.test:$ORIGIN_IP" --add-host "other.test:$ORIGIN_IP" agent sleep 300 >/dev/null
  FULL_ID=$(docker inspect -f '{{.Id}}' "$ID")
  # shellcheck disable=SC2034  # the suites use them
  SANDBOX=$T/sb/$FULL_ID STATE=$T/state/sandboxes/$FULL_ID
}

setup_file() { start_docker_suite; }

teardown_file() { stop_docker_suite; }

setup() {
  need_ours
  need_docker
}

teardown() { remove_docker_containers; }
