#!/usr/bin/env bats
# cgroups: limits, places, what is removed.

load ../../lib/oci

@test "cgroup limits reach the kernel and go with the container" {
  make_bundle '.linux.resources.memory = {limit: 50331648}' '.linux.resources.pids = {limit: 44}' \
    '.linux.resources.cpu = {quota: 25000, period: 50000, shares: 512}'
  create
  local path=$NAME/t$BATS_TEST_NUMBER
  [ "$(cgroup_limit memory "$path")" -eq 50331648 ]
  [ "$(cgroup_limit pids "$path")" -eq 44 ]
  [ "$(cgroup_limit cpu "$path")" = "25000 50000" ]
  [ "$(cgroup_limit shares "$path")" -eq "$(if is_unified; then echo 59; else echo 512; fi)" ]
  rt delete --force "$ID"
  ! has_cgroup "$path"
}
