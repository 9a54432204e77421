# shellcheck shell=bash
# Who is measured: how each is started, and where a client goes.
# shellcheck disable=SC2154  # of tests/bench/proxy and place.bash

# in_place COMMAND...: beside the clients that have no fence, on the proxy's CPU
in_place() { taskset -c "$proxy_cpu" ip netns exec "$group-p" "$@"; }

# counted NAME COMMAND...: in the cgroup whose CPU time is the peer's
counted() {
  local name=$1
  shift
  account "$name"
  {
    account "$name" "$BASHPID"
    exec taskset -c "$proxy_cpu" ip netns exec "$group-p" "$@"
  } >"$work/$name.log" 2>&1 </dev/null &
  started+=($!)
}

# port NAME PORT: until somebody listens there
wait_for_port() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    ! in_place bash -c ": </dev/tcp/127.0.0.1/$2" 2>/dev/null || return 0
    sleep 0.1
  done
  echo "$1 does not listen:" >&2
  tail -5 "$work/$1.log" >&2
  exit 1
}

start_peer() {
  case $1 in
    nemoclaw | squid | tinyproxy | haproxy | mitmproxy) "start_$1" ;;
    direct) ;;
    *) echo "no peer $1" >&2; exit 2 ;;
  esac
}

# offers PEER WORK: whether the peer does this at all
offers() {
  case $1-$2 in
    tinyproxy-i?*) [ "$2" = idle ] ;;
    nemoclaw-ih2 | haproxy-ih2) true ;;
    *-ih2) false ;;
    direct-latency | direct-ilatency) true ;;
    direct-*) false ;;
    mitmproxy-i?*) [ "$2" != idle ] ;;
    mitmproxy-*) [ "$2" = rest ] ;;
    *) true ;;
  esac
}

is_inspected() { [[ $1 == i* && $1 != idle ]]; }

# Fills the arrays `client` (the command up to its options) and `where` (the options that say where to).
# shellcheck disable=SC2034  # used by works.bash
aim() {
  local peer=$1 work_name=$2 ca=$work/ca.pem
  client=(taskset -c "$load_cpu" ip netns exec "$group-p" "$load" client)
  where=()
  if is_inspected "$work_name"; then
    case $peer in
      nemoclaw) where=(--to 127.0.0.1:3128 --connect api.test:443) ca=/run/nemoclaw/ca.pem ;;
      squid) where=(--to 127.0.0.1:3129 --connect api.test:443) ;;
      mitmproxy) where=(--to 127.0.0.1:3140 --connect api.test:443) ;;
      haproxy) where=(--to 127.0.0.1:4443) ;;
      direct) where=(--to "$origin:443") ;;
    esac
    where+=(--tls api.test --ca "$ca" --host api.test)
  else
    case $peer in
      nemoclaw) where=(--to 127.0.0.1:3128 --connect plain.test:8080) ;;
      squid) where=(--to 127.0.0.1:3130 --connect plain.test:8080) ;;
      tinyproxy) where=(--to 127.0.0.1:3150 --connect plain.test:8080) ;;
      haproxy) where=(--to 127.0.0.1:4080) ;;
      direct) where=(--to "$origin:8080") ;;
    esac
    where+=(--host plain.test)
  fi
  [ "$peer" != nemoclaw ] ||
    client=(taskset -c "$load_cpu" "${ours[@]}" exec "$group" /usr/bin/load client)
}

# The client of HTTP/2 speaks to no proxy: ours captures its connection, haproxy is where it is sent.
# shellcheck disable=SC2034  # used by works.bash
aim_h2() {
  case $1 in
    nemoclaw) client=(taskset -c "$load_cpu" "${ours[@]}" exec "$group" /usr/bin/h2load https://api.test:8443/) ;;
    haproxy) client=(taskset -c "$load_cpu" ip netns exec "$group-p" h2load --connect-to=127.0.0.1:4444 https://api.test:8443/) ;;
  esac
}

start_nemoclaw() {
  ours=("$runtime" --config "$work/config.yaml" --root "$work/state")
  mkdir -p "$work/policies" "$work/bundle"
  cat >"$work/config.yaml" <<END
policy_directories: [$work/policies]
run_directory: $work/sb
log_directory: $work/log
state_directory: $work/lib
extra_ca_files: [$work/ca.pem]
END
  cat >"$work/policies/bench.yaml" <<'END'
version: 1
filesystem_policy: {read_only: [/bin, /usr, /lib, /lib64, /etc, /run], read_write: [/tmp]}
network_policies:
  tunnels:
    endpoints: [{host: plain.test, port: 8080}]
    binaries: [{path: /usr/bin/load}]
  inspected:
    endpoints:
      - host: api.test
        port: 443
        protocol: rest
        rules:
          - {allow: {method: GET, path: /**}}
          - {allow: {method: POST, path: /upload}}
        deny_rules: [{method: GET, path: /secret/**}]
      - host: api.test
        port: 8443
        protocol: rest
        rules: [{allow: {method: GET, path: /**}}]
        deny_rules: [{method: GET, path: /secret/**}]
    binaries: [{path: /usr/bin/load}, {path: /usr/bin/h2load}]
END
  "$repo/oci-bundles/make-rootfs" "$work/rootfs" --ca "$work/ca.pem" --host "$origin plain.test" --host "$origin api.test" \
    --add "$load" /usr/bin/load --add "$(command -v h2load)" /usr/bin/h2load
  (cd "$work/bundle" && "$runtime" spec)
  jq --arg root "$work/rootfs" --arg group "/$group/agent" --arg net "/run/netns/$group-a" '.process.terminal = false |
    .process.args = ["/bin/sleep", "100000"] | .root = {path: $root, readonly: false} | .linux.cgroupsPath = $group |
    (.linux.namespaces[] | select(.type == "network")).path = $net |
    .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 16384, hard: 16384}]' \
    "$work/bundle/config.json" >"$work/bundle/config.new"
  mv "$work/bundle/config.new" "$work/bundle/config.json"
  "${ours[@]}" --policy bench create --bundle "$work/bundle" "$group" </dev/null >"$work/nemoclaw.log" 2>&1
  "${ours[@]}" start "$group"
  sandbox=$work/sb/$group
  account nemoclaw "$(jq .pid "$sandbox/proxy.json")" "$(jq .worker "$sandbox/worker.json")"
  taskset -acp "$proxy_cpu" "$(jq .worker "$sandbox/worker.json")" >/dev/null
}

stop_nemoclaw() { [ ! -e "$work/config.yaml" ] || "${ours[@]}" delete --force "$group" || true; }

start_squid() {
  mkdir -p "$work/squid"
  chown proxy "$work/squid"
  install -o proxy -m 0600 "$work/ca-both.pem" "$work/squid/ca.pem"
  /usr/lib/squid/security_file_certgen -c -s "$work/squid/certs" -M 4MB >/dev/null
  chown -R proxy "$work/squid/certs"
  cat >"$work/squid.conf" <<END
http_port 127.0.0.1:3130
http_port 127.0.0.1:3129 ssl-bump tls-cert=$work/squid/ca.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s $work/squid/certs -M 4MB
tls_outgoing_options cafile=$work/ca.pem
ssl_bump bump all
acl allowed dstdomain plain.test api.test
http_access allow allowed
http_access deny all
cache deny all
cache_mem 8 MB
client_db off
access_log daemon:$work/squid/access.log
cache_log $work/squid/cache.log
pid_filename $work/squid/pid
coredump_dir $work/squid
hosts_file $work/hosts
shutdown_lifetime 0 seconds
max_filedescriptors 32768
visible_hostname bench
END
  counted squid squid -N -f "$work/squid.conf"
  wait_for_port squid 3129
}

start_tinyproxy() {
  printf '%s\n' "Port 3150" "Listen 127.0.0.1" "Timeout 600" "MaxClients 12000" "LogFile \"$work/tinyproxy-access.log\"" \
    "LogLevel Connect" "ConnectPort 8080" "DisableViaHeader Yes" >"$work/tinyproxy.conf"
  counted tinyproxy tinyproxy -d -c "$work/tinyproxy.conf"
  wait_for_port tinyproxy 3150
}

start_haproxy() {
  cat >"$work/haproxy.conf" <<END
global
  nbthread 1
  maxconn 9900
defaults
  timeout connect 10s
  timeout client 600s
  timeout server 600s
listen tcp
  bind 127.0.0.1:4080
  mode tcp
  server origin $origin:8080
listen tls
  bind 127.0.0.1:4443 ssl crt $work/both.pem
  mode http
  http-reuse always
  http-request deny if { path_beg /secret/ }
  server origin $origin:443 ssl verify required ca-file $work/ca.pem sni str(api.test) verifyhost api.test
listen http2
  bind 127.0.0.1:4444 ssl crt $work/both.pem alpn h2
  mode http
  http-reuse always
  http-request deny if { path_beg /secret/ }
  server origin $origin:8443 ssl verify required ca-file $work/ca.pem sni str(api.test) verifyhost api.test alpn h2
END
  counted haproxy haproxy -db -f "$work/haproxy.conf"
  wait_for_port haproxy 4443
}

start_mitmproxy() {
  command -v mitmdump >/dev/null || { echo "mitmproxy is not installed: apt-get install mitmproxy" >&2; exit 1; }
  mkdir -p "$work/mitm"
  cp "$work/ca-both.pem" "$work/mitm/mitmproxy-ca.pem"
  counted mitmproxy mitmdump -q --listen-host 127.0.0.1 -p 3140 --set confdir="$work/mitm" \
    --set ssl_verify_upstream_trusted_ca="$work/ca.pem"
  wait_for_port mitmproxy 3140
}
