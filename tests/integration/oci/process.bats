#!/usr/bin/env bats
# The process of config.json: user, capabilities, limits, environment, working directory.

load ../../lib/oci

@test "capabilities, limits, no_new_privs, umask, oom score and groups of the spec" {
  make_bundle '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}' \
    '.process.noNewPrivileges = true' '.process.user = {uid: 0, gid: 0, umask: 63, additionalGids: [42]}' \
    '.process.oomScoreAdj = 321' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}]'
  command_line sh -c 'probe-caps; umask; cat /proc/self/oom_score_adj; ulimit -Sn; ulimit -Hn'
  run rt run --bundle "$B" "$ID"
  expect 0 $'CapBnd:\t0000000000000021' $'CapEff:\t0000000000000020' $'NoNewPrivs:\t1' 0077 321 100 200 "42"
}

@test "the environment: PATH looks inside the container, HOME is from passwd, the last of two values wins" {
  make_bundle '.process.env = ["PATH=/usr/bin:/bin", "A=first", "A=second"]'
  command_line sh -c 'echo $A; echo home=$HOME'
  run rt run --bundle "$B" "$ID"
  expect 0 second home=/root
}

@test "the working directory is made if it is missing" {
  make_bundle '.process.cwd = "/tmp/made/by/runtime"'
  command_line pwd
  run rt run --bundle "$B" "$ID"
  rm -rf "$T/image/tmp/made"
  expect 0 /tmp/made/by/runtime
}
