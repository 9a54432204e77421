#!/usr/bin/env bats
# Real clients in containers, without a flag or a certificate of theirs: what the policy allows works through TLS
# inspection, what it denies says so. Some use the proxy of the environment, others know nothing of proxies.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  start_clients_suite
  write_current_policy <<'EOF'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc], read_write: [/tmp, /sandbox]}
network_policies:
  api:
    endpoints:
      - host: allowed.test
        port: 443
        protocol: rest
        access: read-only
EOF
}

# PROGRAM of this machine, below /usr as in the container.
need_client() {
  need_program "$1"
  [[ $(readlink -f "$(command -v "$1")") == /usr/* ]] || skip "$1 is not below /usr"
}

@test "curl" {
  run client -- /usr/bin/curl -sS https://allowed.test/curl
  expect 0 "hello to GET /curl"
  run client -- /usr/bin/curl -sS --noproxy '*' https://allowed.test/curl-direct
  expect 0 "hello to GET /curl-direct"
  run client -- /usr/bin/curl -sS -d x https://allowed.test/curl-post
  expect 0 '"error":"policy_denied"'
  [ "$(origin_saw curl-post)" -eq 0 ]
}

@test "wget" {
  need_client wget
  run client -- /usr/bin/wget -qO- https://allowed.test/wget
  expect 0 "hello to GET /wget"
}

@test "git over https" {
  need_client git
  run client -- /usr/bin/git ls-remote https://allowed.test/repository.git
  expect 0 "refs/heads/main"
}

@test "openssl s_client" {
  # shellcheck disable=SC2016
  run client -- /bin/sh -c 'printf "GET /openssl HTTP/1.1\r\nHost: allowed.test\r\nConnection: close\r\n\r\n" |
    openssl s_client -quiet -verify_return_error -connect allowed.test:443 -servername allowed.test 2>&1'
  expect 0 "hello to GET /openssl"
}

@test "python: urllib and requests" {
  [ -x /usr/bin/python3 ] || skip "no /usr/bin/python3"
  run client -- /usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen("https://allowed.test/urllib").read())'
  expect 0 "hello to GET /urllib"
  run client -- /usr/bin/python3 -c 'import urllib.request as u
u.install_opener(u.build_opener(u.ProxyHandler({}))); print(u.urlopen("https://allowed.test/direct").read())'
  expect 0 "hello to GET /direct"
  /usr/bin/python3 -c 'import requests' 2>/dev/null || skip "python3-requests is not installed"
  run client -- /usr/bin/python3 -c 'import requests as r
print(r.get("https://allowed.test/requests").text); print(r.post("https://allowed.test/no").json()["error"])'
  expect 0 "hello to GET /requests" policy_denied
}

@test "node: fetch and https" {
  need_client node
  run client -- /usr/bin/node -e 'fetch("https://allowed.test/fetch").then(r => r.text()).then(console.log)'
  expect 0 "hello to GET /fetch"
  run client -- /usr/bin/node -e 'require("https").get("https://allowed.test/https", r => r.pipe(process.stdout))'
  expect 0 "hello to GET /https"
}

@test "java: HttpClient" {
  need_client java
  mkdir -p "$T/java"
  cat >"$T/java/Get.java" <<'EOF'
import java.net.URI;
import java.net.http.*;
public class Get {
  public static void main(String[] a) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(a[0])).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
EOF
  chmod -R a+rX "$T/java"
  run client -e JAVA_HOME=/usr/lib/jvm -v "$T/java:/tmp/java:ro" -- "$(readlink -f "$(command -v java)")" \
    -Xshare:off -XX:+UseSerialGC -XX:TieredStopAtLevel=1 /tmp/java/Get.java https://allowed.test/java
  expect 0 "hello to GET /java"
}

@test "a static Go program" {
  need_program go
  build_go_client "$T/go/get"
  run client -v "$T/go/get:/tmp/get:ro" -- /tmp/get https://allowed.test/go
  expect 0 "hello to GET /go"
}

@test "apt-get update and download, with the roots that Debian has" {
  need_client apt-get
  mkdir -p "$T/static/flat" "$T/apt"
  printf 'Package: tiny\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody\nDescription: tiny\n' >"$T/static/flat/Packages"
  (cd "$T/static/flat" && printf 'Date: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru)" \
    "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" >Release)
  echo 'deb [trusted=yes] https://allowed.test/static/flat ./' >"$T/apt/sources.list"
  run client -v "$T/apt:/tmp/apt:ro" -- /bin/sh -c 'mkdir -p /tmp/state/lists/partial /tmp/cache/archives/partial
    set -- -o Dir::Etc::sourcelist=/tmp/apt/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State=/tmp/state \
      -o Dir::State::status=/dev/null -o Dir::Cache=/tmp/cache -o APT::Sandbox::User=
    apt-get "$@" update && apt-cache "$@" show tiny'
  expect 0 "https://allowed.test/static/flat" "Package: tiny"
  [ "$(origin_saw 'GET allowed.test /static/flat/Packages')" -ge 1 ]
}

@test "npm install from a private registry" {
  need_client npm
  need_client node
  mkdir -p "$T/static/registry" "$T/package/package"
  echo '{"name":"tiny","version":"1.0.0"}' >"$T/package/package/package.json"
  echo 'module.exports = "tiny works"' >"$T/package/package/index.js"
  tar -C "$T/package" -czf "$T/static/tiny-1.0.0.tgz" package
  printf '{"name":"tiny","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"tiny","version":"1.0.0","dist":
    {"tarball":"https://allowed.test/static/tiny-1.0.0.tgz","integrity":"sha512-%s"}}}}' \
    "$(openssl dgst -sha512 -binary "$T/static/tiny-1.0.0.tgz" | base64 -w0)" >"$T/static/registry/tiny"
  run client -e HOME=/tmp -- /bin/sh -c 'mkdir /tmp/app && cd /tmp/app && echo "{}" >package.json &&
    npm install --registry https://allowed.test/static/registry/ --no-audit --no-fund --no-update-notifier tiny &&
    node -p "require(\"tiny\")"'
  expect 0 "added 1 package" "tiny works"
}

@test "an image like Alpine: its trust path is extended without a variable, and busybox wget works" {
  need_program go
  need_program busybox
  import_alpine_image
  build_go_client "$T/get"
  alpine() {
    rm -f "$T/cid"
    docker run --rm --runtime current --cidfile "$T/cid" --add-host "allowed.test:$ORIGIN_IP" -v "$T/get:/bin/get:ro" \
      alpine "$@"
  }
  write_current_policy <<'POLICY'
version: 1
filesystem_policy: {read_only: [/bin, /etc, /proc], read_write: [/tmp]}
network_policies:
  api: {endpoints: [{host: allowed.test, ports: [80, 443], protocol: rest, access: read-only}]}
POLICY
  run alpine env -u SSL_CERT_FILE get https://allowed.test/alpine
  expect 0 "hello to GET /alpine"
  run alpine env -u SSL_CERT_FILE -u HTTPS_PROXY -u https_proxy get https://allowed.test/alpine-direct
  expect 0 "hello to GET /alpine-direct"
  run alpine wget -qO- http://allowed.test/wget-plain
  expect 0 "hello to GET /wget-plain"
}
