#!/usr/bin/env bats
# The main job through a real dockerd, and everything that `docker` users do with a container.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite

setup() { need_docker; }

# ---- the network --------------------------------------------------------------------------------------------------

@test "a request that the policy allows works" {
  run agent_run --rm -- curl -sS https://allowed.test/hello
  expect 0 "origin says hello to GET /hello"
  if ours; then
    expect_audit '.verdict == "allow" and .dst.host == "allowed.test" and .dst.port == 443 and
      .actor.binary == "/usr/bin/curl" and .entry == "allowed_host" and .via == "connect"'
  fi
}

@test "the allowed request's bytes are in the closing audit line" {
  need_ours
  run agent_run --rm -- curl -sS -o /dev/null -w '%{size_download}' https://allowed.test/bytes/200000
  expect 0 200000
  wait_until 5 expect_audit '.activity_id == 2 and .bytes_in > 200000'
}

@test "a binary that the policy does not name is refused, with the reason in JSON" {
  need_ours
  run agent_run --rm -- fetch -sS https://allowed.test/hello
  expect nonzero 403
  run agent_run --rm -- fetch -sS -x http://127.0.0.1:3128 http://allowed.test/plain
  expect 0 '"error":"policy_denied"' '/usr/bin/fetch' allowed.test
  expect_audit '.verdict == "deny" and .dst.host == "allowed.test" and .actor.binary == "/usr/bin/fetch" and
    .code == "policy_denied" and (.reason | length) > 10'
  [ "$(origin_saw /plain)" -eq 0 ]
}

@test "a host that the policy does not name is refused" {
  need_ours
  run agent_run --rm -- curl -sS https://other.test/forbidden
  expect nonzero 403
  expect_audit '.verdict == "deny" and .dst.host == "other.test" and .actor.binary == "/usr/bin/curl" and
    .code == "policy_denied" and (.reason | length) > 10'
  [ "$(origin_saw /forbidden)" -eq 0 ]
}

@test "another port of the allowed host is refused" {
  need_ours
  run agent_run --rm -- curl -sS https://allowed.test:8443/other-port
  expect nonzero 403
  expect_audit '.verdict == "deny" and .dst.host == "allowed.test" and .dst.port == 8443'
  [ "$(origin_saw /other-port)" -eq 0 ]
}

@test "the same host by its IP address is refused" {
  need_ours
  run agent_run --rm -- curl -sSk "https://$ORIGIN_IP/by-address"
  expect nonzero 403
  expect_audit ".verdict == \"deny\" and .dst.host == \"$ORIGIN_IP\" and .actor.binary == \"/usr/bin/curl\""
  [ "$(origin_saw /by-address)" -eq 0 ]
}

@test "a direct connection past the proxy to what is not allowed is refused, fast" {
  need_ours
  run agent_run --rm -- timeout 10 curl -sS --noproxy '*' https://other.test/direct
  expect nonzero
  [ "$status" -ne 124 ]  # what timeout answers
  [ "$status" -ne 143 ]
  expect_audit '.verdict == "deny" and .dst.port == 443 and .actor.binary == "/usr/bin/curl" and (.reason | length) > 10 and
    (.via == "captured" or .via == "bypass")'
  [ "$(origin_saw /direct)" -eq 0 ]
}

@test "a direct connection to the address carries no byte" {
  need_ours
  run agent_run --rm -- probe-tcp_connect "$ORIGIN_IP" 80
  expect 0 '"error":"policy_denied"'
  run agent_run --rm -- probe-tcp_connect "$ORIGIN_IP" 80 quiet
  expect 1
  expect_not "EAGAIN"
  [ "$(origin_saw "GET None /")" -eq 0 ]
}

@test "UDP is refused with an error, not with silence, and is in the audit" {
  need_ours
  run agent_run --rm -- probe-udp_send "$ORIGIN_IP" 9999
  expect 1
  expect_not silence "udp_send: ok"
  [ "$(origin_saw '^udp')" -eq 0 ]
  wait_until 5 expect_audit ".verdict == \"deny\" and .proto == \"udp\" and .dst.ip == \"$ORIGIN_IP\" and .dst.port == 9999"
}

@test "the fence lets runc's containers alone: without our runtime the same things arrive" {
  # The reverse of the refusals above: what they refuse does work when nobody refuses it.
  write_current_policy <"$T/policies/main.yaml"
  run agent_run --rm --runtime runc -- sh -c "probe-udp_send $ORIGIN_IP 9999 && curl -sSk https://$ORIGIN_IP/by-runc"
  expect 0 "udp_send: ok" "hello to GET /by-runc"
}

@test "plain http to an allowed host and port goes through the proxy" {
  need_ours
  write_current_policy <<'EOF'
version: 1
network_policies:
  plain: {endpoints: [{host: allowed.test, port: 80}], binaries: [{path: /usr/bin/curl}]}
EOF
  run agent_run --rm --runtime current -- curl -sS http://allowed.test/plain-ok
  expect 0 "origin says hello to GET /plain-ok"
  expect_audit '.verdict == "allow" and .via == "http" and .dst.port == 80'
}

@test "a name is resolved by the container's own name server" {
  need_ours
  write_current_policy <<'EOF'
version: 1
network_policies:
  wild: {endpoints: [{host: "*.wild.test", port: 443, allowed_ips: [10.0.0.0/8]}], binaries: [{path: /usr/bin/curl}]}
EOF
  run agent_run --rm --runtime current -- curl -sS https://some.wild.test/by-dns
  expect 0 "hello to GET /by-dns"
  run agent_run --rm --runtime current -- curl -sS https://wild.test/apex
  expect nonzero 403
}

@test "a wildcard host on a private address needs allowed_ips" {
  need_ours
  write_current_policy <<'EOF'
version: 1
network_policies:
  wild: {endpoints: [{host: "*.wild.test", port: 443}], binaries: [{path: /usr/bin/curl}]}
EOF
  run agent_run --rm --runtime current -- curl -sS https://some.wild.test/private
  expect nonzero 403
  expect_audit '.verdict == "deny" and .code == "ssrf_denied"'
  [ "$(origin_saw /private)" -eq 0 ]
}

@test "a child of an allowed binary's shell may not borrow another entry" {
  need_ours
  run agent_run --rm -- sh -c 'curl -sS https://allowed.test/one && ! fetch -sS https://allowed.test/two'
  expect 0 "hello to GET /one"
  [ "$(origin_saw /two)" -eq 0 ]
}

@test "published ports are blocked unless inbound allows them" {
  need_ours
  # The name of the program that answers is in the reply, so that an empty answer cannot pass for one.
  cat >"$T/serve" <<'EOF'
while true; do echo -e 'HTTP/1.0 200 OK\r\n\r\nfrom inside' | nc -l -p 8080; done
EOF
  docker run -d --name inbound-no -p 127.0.0.1::8080 agent sh -c "$(cat "$T/serve")"
  run curl -sS -m 3 "http://$(docker port inbound-no 8080)/"
  expect nonzero
  expect_not "from inside"
  { cat "$T/policies/main.yaml"; echo 'inbound: [{port: 8080}]'; } | write_current_policy
  docker run -d --name inbound-yes --runtime current -p 127.0.0.1::8080 agent sh -c "$(cat "$T/serve")"
  inbound_answers() { curl -sS -m 3 "http://$(docker port inbound-yes 8080)/" | grep -q "from inside"; }
  wait_until 10 inbound_answers
}

@test "published ports work without a policy" {
  docker run -d --name published --runtime none -p 127.0.0.1::8080 agent \
    sh -c "while true; do echo -e 'HTTP/1.0 200 OK\r\n\r\nfrom inside' | nc -l -p 8080; done"
  published_answers() { curl -sS -m 3 "http://$(docker port published 8080)/" | grep -q "from inside"; }
  wait_until 10 published_answers
}

@test "--network none gives a container without a way out" {
  run agent_run --rm --network none -- curl -sS -m 5 https://allowed.test/none
  expect nonzero
  [ "$(origin_saw /none)" -eq 0 ]
}

@test "the container's own servers on loopback work" {
  run agent_run --rm -- sh -c '(echo -e "HTTP/1.0 200 OK\r\n\r\nown server" | nc -l -p 8081 &) ; sleep 0.3;
    curl -sS --noproxy "*" http://127.0.0.1:8081/'
  expect 0 "own server"
}

# ---- files, privileges, system calls ------------------------------------------------------------------------------

@test "files that the policy does not open cannot be read, whatever their mode" {
  need_ours
  run agent_run --rm -- sh -c 'for f in /etc/secret /etc/shadow; do probe-open_read $f; done; id -u'
  expect 0 "open_read: EACCES" 10001
  expect_not "open_read: ok"
}

@test "writing outside the writable paths fails, whatever the mode" {
  need_ours
  run agent_run --rm -- sh -c 'probe-open_write /srv/file; probe-open_write /usr/bin/new; probe-open_write /new
    probe-open_write /tmp/file; probe-open_write /sandbox/file'
  expect 0
  [ "$(grep -c 'open_write: EACCES' <<<"$output")" -eq 3 ]
  [ "$(grep -c 'open_write: ok' <<<"$output")" -eq 2 ]
}

@test "no capability, no new privileges, a seccomp filter, and a user that is not root" {
  need_ours
  run agent_run --rm -- probe-caps
  expect 0 $'CapBnd:\t0000000000000000' $'CapEff:\t0000000000000000' $'CapPrm:\t0000000000000000' \
    $'CapInh:\t0000000000000000' $'CapAmb:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' $'Uid:\t10001'
}

@test "a user given with --user keeps no capability either, and --user root does not become root" {
  need_ours
  run agent_run --rm --user 1234:5678 -- probe-caps
  expect 0 $'CapBnd:\t0000000000000000' $'Uid:\t1234' $'Gid:\t5678'
  run agent_run --rm --user root -- probe-caps
  expect 0 $'CapBnd:\t0000000000000000' $'Uid:\t10001'
}

@test "privileges that the manager adds are still dropped" {
  need_ours
  run agent_run --rm --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE -- sh -c 'probe-caps; probe-setmark'
  expect nonzero $'CapBnd:\t0000000000000000' "setmark: EPERM"
}

@test "mount, ptrace, unshare, setns, bpf, keyrings and other doors are shut" {
  need_ours
  run agent_run --rm --security-opt seccomp=unconfined -- sh -c 'probe-mount /tmp; for p in fsopen ptrace unshare \
    clone_newuser setns bpf raw_socket packet_socket keyctl io_uring userfaultfd setmark other_sockets; do probe-$p; done; true'
  expect 0 "mount: EPERM" "fsopen: EPERM" "ptrace: EPERM" "unshare: EPERM" "clone_newuser: EPERM" "setns: EPERM" "bpf: EPERM" \
    "keyctl: EPERM" "io_uring: EPERM" "userfaultfd: EPERM" "setmark: EPERM" "other_sockets: none"
  expect_not ": ok" opened
}

@test "clone3 answers ENOSYS so that libc falls back, and memory programs may run" {
  need_ours
  run agent_run --rm --security-opt seccomp=unconfined -- sh -c 'probe-clone3; probe-memfd_exec'
  expect 0 "clone3: ENOSYS" "memfd_exec: ok"
}

@test "the process cannot see the proxy" {
  need_ours
  docker run -d --name blind agent sleep 300
  local id
  id=$(docker inspect -f '{{.Id}}' blind)
  test -S "$T/sb/$id/control.sock"
  run docker exec blind probe-see_proxy "$T/sb/$id/control.sock" "$T/sb/$id" "/run/nemoclaw/sandboxes/$id"
  expect 1 "see_proxy: none"
  run docker exec blind ps
  expect_not nemoclaw
}

@test "the default policy works on an image that has no sandbox user" {
  need_ours
  run agent_run --rm --runtime default -- sh -c 'id; touch /tmp/a /sandbox/b && echo written; probe-open_write /etc/x; pwd;
    curl -sS https://allowed.test/default'
  expect nonzero "uid=10001(sandbox)" "gid=10001(sandbox)" written "open_write: EACCES" 403
  [ "$(origin_saw /default)" -eq 0 ]
}

@test "the proxy's address is in the environment and loader variables are not" {
  need_ours
  run agent_run --rm -e LD_PRELOAD=/tmp/evil.so -e KEEP=1 -- env
  expect 0 "HTTPS_PROXY=http://127.0.0.1:3128" "https_proxy=http://127.0.0.1:3128" "KEEP=1" "NO_PROXY="
  expect_not LD_PRELOAD
}

# ---- exec is confined like the first process ----------------------------------------------------------------------

@test "exec has the user, capabilities, seccomp filter and files of the first process" {
  need_ours
  docker run -d --name twin agent sleep 300
  run docker exec --user root --privileged twin sh -c 'probe-caps; probe-open_read /etc/secret; probe-mount /tmp; env'
  expect 0 $'CapBnd:\t0000000000000000' $'NoNewPrivs:\t1' $'Seccomp:\t2' $'Uid:\t10001' "open_read: EACCES" "mount: EPERM" \
    "HTTPS_PROXY="
}

@test "exec has the egress identity of the first process" {
  need_ours
  docker run -d --name twin --add-host "allowed.test:$ORIGIN_IP" agent sleep 300
  run docker exec twin curl -sS https://allowed.test/exec-yes
  expect 0 "hello to GET /exec-yes"
  run docker exec twin fetch -sS https://allowed.test/exec-no
  expect nonzero 403
  expect_audit '.verdict == "deny" and .actor.binary == "/usr/bin/fetch"' "$(docker inspect -f '{{.Id}}' twin)"
  [ "$(origin_saw /exec-no)" -eq 0 ]
}

@test "exec -it has a terminal" {
  docker run -d --name term agent sleep 300
  run script -qec "'$DOCKER' -H unix://$T/docker.sock exec -it term sh -c 'tty; stty size; exit 7'" /dev/null </dev/null
  expect 7 /dev/pts/
}

@test "exec passes stdin, environment, directory, user, and the exit code" {
  docker run -d --name plain --runtime none agent sleep 300
  run bash -c "echo through | '$DOCKER' -H unix://$T/docker.sock exec -i -e A=b -w /tmp -u 1234:1234 plain \
    sh -c 'cat; echo \$A; pwd; id -u; exit 42'"
  expect 42 through b /tmp 1234
}

@test "exec of a program that does not exist says so" {
  docker run -d --name plain agent sleep 300
  run docker exec plain no-such-program
  expect 126 'exec: "no-such-program": executable file not found in $PATH'
}

# ---- what users do with containers --------------------------------------------------------------------------------

@test "exit code, output and errors arrive" {
  run bash -c "'$DOCKER' -H unix://$T/docker.sock run --rm agent sh -c 'echo out; echo err >&2; exit 17' 2>$T/err"
  expect 17 out
  grep -q err "$T/err"
}

@test "run of a program that does not exist is 127 with the usual words" {
  run -127 agent_run --rm -- no-such-program
  expect 127 'exec: "no-such-program": executable file not found in $PATH'
}

@test "run of a file that is no program is 126 with the usual words" {
  run agent_run --rm -- /etc/passwd
  expect 126 "permission denied"
}

@test "docker logs" {
  docker run -d --name logs agent sh -c 'echo line one; echo line two >&2'
  docker wait logs
  run docker logs logs
  expect 0 "line one" "line two"
}

@test "docker stop ends the process with TERM, and kill with KILL" {
  docker run -d --name stop agent sh -c 'trap "echo bye; exit 3" TERM; while true; do sleep 0.1; done'
  run docker stop -t 10 stop
  expect 0
  [ "$(docker inspect -f '{{.State.ExitCode}}' stop)" -eq 3 ]
  [ "$(docker logs stop)" = bye ]
  docker run -d --name kill agent sleep 300
  docker kill kill
  [ "$(docker wait kill)" -eq 137 ]
}

@test "docker kill with another signal" {
  docker run -d --name usr1 agent sh -c 'trap "echo got usr1; exit 5" USR1; echo ready; while true; do sleep 0.1; done'
  wait_until 10 eval 'docker logs usr1 | grep -q ready'
  docker kill -s USR1 usr1
  [ "$(docker wait usr1)" -eq 5 ]
}

@test "docker restart, and what was written stays" {
  docker run -d --name again --add-host "allowed.test:$ORIGIN_IP" agent sh -c 'echo start >>/tmp/starts; sleep 300'
  docker restart -t 0 again
  [ "$(docker exec again cat /tmp/starts | wc -l)" -eq 2 ]
  run docker exec again curl -sS https://allowed.test/after-restart
  expect 0 "hello to GET /after-restart"
}

@test "docker rm -f of a running container leaves nothing" {
  docker run -d --name gone agent sleep 300
  docker rm -f gone
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "a container that ended by itself leaves nothing" {
  agent_run --rm -- true
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "docker pause and unpause" {
  need_verb pause
  docker run -d --name pause agent sleep 300
  run docker pause pause
  expect 0
  [ "$(docker inspect -f '{{.State.Status}}' pause)" = paused ]
  run docker unpause pause
  expect 0
  run docker exec pause echo alive
  expect 0 alive
}

@test "docker top and stats" {
  docker run -d --name top agent sleep 300
  run docker top top
  expect 0 "sleep 300"
  run docker stats --no-stream top
  expect 0 top
}

@test "docker update changes the limits of a running container" {
  need_verb update
  docker run -d --name update --memory 64m agent sleep 300
  run docker update --memory 96m --memory-swap 96m update
  expect 0
  [ "$(cgroup_limit memory "$(container_cgroup update)")" -eq $((96 << 20)) ]
}

container_cgroup() {
  echo "$NAME/$(docker inspect -f '{{.Id}}' "$1")"
}

@test "--memory, --cpus and --pids-limit reach the cgroup" {
  docker run -d --name limits --memory 64m --cpus 0.5 --pids-limit 33 agent sleep 300
  [ "$(cgroup_limit memory "$(container_cgroup limits)")" -eq $((64 << 20)) ]
  [ "$(cgroup_limit cpu "$(container_cgroup limits)")" = "50000 100000" ]
  [ "$(cgroup_limit pids "$(container_cgroup limits)")" -eq 33 ]
}

@test "--memory kills what takes more" {
  run agent_run --memory 24m --memory-swap 24m -- sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" x); echo survived'
  expect nonzero
  expect_not survived
}

@test "--pids-limit stops a fork bomb" {
  run agent_run --rm --pids-limit 10 -- sh -c 'for i in $(seq 40); do sleep 2 & done; wait'
  [[ $output == *"can't fork"* ]] || fail "$output"
}

@test "-v mounts a directory of the host, with :ro read-only" {
  mkdir -p "$T/shared"
  echo from-host >"$T/shared/in"
  chmod 0777 "$T/shared"
  run agent_run --rm -v "$T/shared:/sandbox" -- sh -c 'cat /sandbox/in; echo from-container >/sandbox/out'
  expect 0 from-host
  [ "$(cat "$T/shared/out")" = from-container ]
  run agent_run --rm -v "$T/shared:/sandbox:ro" -- sh -c 'touch /sandbox/new'
  expect nonzero "Read-only file system"
}

@test "--read-only with --tmpfs" {
  run agent_run --rm --runtime none --read-only --tmpfs /tmp -- sh -c 'touch /tmp/a && echo tmp-ok; touch /srv/b'
  expect nonzero tmp-ok "Read-only file system"
  run agent_run --rm --read-only --tmpfs /tmp:size=1m -- sh -c 'touch /tmp/a && echo tmp-ok; df -k /tmp | tail -1'
  expect 0 tmp-ok 1024
}

@test "--env, --workdir, --hostname, --user" {
  run agent_run --rm -e COLOUR=green -w /tmp --hostname agent-7 --user 1234:5678 -- \
    sh -c 'echo $COLOUR; pwd; hostname; id -u; id -g'
  expect 0 green /tmp agent-7 1234 5678
}

@test "--init reaps and passes signals" {
  docker run -d --name init --init agent sh -c 'sleep 300'
  run docker exec init sh -c 'tr "\0" " " </proc/1/cmdline'
  expect 0 init
  docker stop -t 5 init
  [ "$(docker inspect -f '{{.State.ExitCode}}' init)" -eq 143 ]
}

@test "--ulimit, --sysctl and --shm-size" {
  run agent_run --rm --ulimit nofile=256:256 --sysctl net.ipv4.ip_unprivileged_port_start=99 --shm-size 2m -- \
    sh -c 'ulimit -n; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; df -k /dev/shm | tail -1'
  expect 0 256 99 2048
}

@test "docker cp into and out of a container" {
  docker run -d --name copy agent sleep 300
  echo content >"$T/copied"
  docker cp "$T/copied" copy:/tmp/copied
  run docker exec copy cat /tmp/copied
  expect 0 content
}

@test "a privileged container without a policy has devices, a writable cgroup and its exec too" {
  is_unified || skip "the kernel must give every capability, and the cgroup must be unified"
  docker run -d --name privileged --runtime none --privileged agent sleep 300
  run docker exec privileged sh -c 'mount -t tmpfs none /tmp && echo mounted; mkdir /sys/fs/cgroup/inner && echo made;
    mknod /dev/again c 1 3 && echo x >/dev/again && echo written'
  expect 0 mounted made written
  run docker exec --privileged privileged probe-caps
  expect 0 "CapBnd:"
  expect_not $'CapBnd:\t0000000000000000'
}

@test "namespaces of the host without a policy" {
  local n
  run agent_run --rm --runtime none --pid host --ipc host --uts host --cgroupns host -- \
    sh -c 'for n in pid ipc uts cgroup mnt; do readlink /proc/self/ns/$n; done'
  expect 0
  for n in pid ipc uts cgroup; do expect 0 "$(readlink "/proc/self/ns/$n")"; done
  expect_not "$(readlink /proc/self/ns/mnt)"
  run agent_run --rm --runtime none --cgroupns private -- readlink /proc/self/ns/cgroup
  expect 0
  expect_not "$(readlink /proc/self/ns/cgroup)"
}

@test "-it gives the first process a terminal" {
  run script -qec "'$DOCKER' -H unix://$T/docker.sock run --rm -it agent sh -c 'tty; exit 9'" /dev/null </dev/null
  expect 9 /dev/pts/
}

@test "a container that joins the network of a sandboxed one joins its fence and proxy, with its own policy" {
  need_ours
  local first
  first=$(docker run -d --name first --add-host "allowed.test:$ORIGIN_IP" agent sleep 300)
  run docker run --rm --runtime main --cidfile "$T/second" --network container:first agent curl -sS https://allowed.test/joined
  expect 0 "hello to GET /joined"
  expect_audit '.verdict == "allow" and .sandbox == "'"$first"'" and .container == "'"$(cat "$T/second")"'"' "$first"
  [ ! -e "$T/sb/$first/containers/$(cat "$T/second")" ]
  run docker run --rm --runtime default --network container:first agent curl -sS https://allowed.test/second-policy
  expect nonzero 403
  [ "$(origin_saw /second-policy)" -eq 0 ]
  run docker exec first curl -sS https://allowed.test/first
  expect 0 "hello to GET /first"
  docker rm -f first
  rm "$T/second"
  expect_nothing_left "$T/exec/runtime-runc/moby"
}

@test "when the first container of a shared network ends, the others are closed in, not let out" {
  need_ours
  docker run -d --name first agent sleep 300
  docker run -d --name second --runtime main --network container:first agent sleep 300
  docker rm -f first
  run docker exec second curl -sS --noproxy '*' --connect-timeout 2 "http://$ORIGIN_IP/orphan"
  expect nonzero
  [ "$(origin_saw /orphan)" -eq 0 ]
}

@test "the network of a container without a sandbox is not joined" {
  need_ours
  docker run -d --name free --runtime none agent sleep 300
  run docker run --rm --runtime main --network container:free agent true
  expect nonzero "no NemoClaw sandbox"
}

@test "twenty containers at once" {
  local i
  for i in $(seq 20); do docker run -d --name "many$i" agent sleep 300 >/dev/null & done
  wait
  [ "$(docker ps -q | wc -l)" -eq 20 ]
  docker ps -q | xargs "$DOCKER" -H "unix://$T/docker.sock" rm -f >/dev/null
  expect_nothing_left "$T/exec/runtime-runc/moby"
}
