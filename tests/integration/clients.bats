#!/usr/bin/env bats
# Real clients in containers, without a flag or a certificate of theirs: what the policy allows works through TLS
# inspection, what it denies says so. Some use the proxy of the environment, others know nothing of proxies.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  make_private_directory
  write_policies
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
  start_network
  start_docker
  [ -e "$T/no-docker" ] || import_debian_image
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
  mkdir -p "$T/go"
  cat >"$T/go/main.go" <<'EOF'
package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	answer, failure := http.Get(os.Args[1])
	if failure != nil { fmt.Println(failure); os.Exit(1) }
	body, _ := io.ReadAll(answer.Body)
	fmt.Print(string(body))
}
EOF
  HOME=$T GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 go build -o "$T/go/get" "$T/go/main.go"
  run client -v "$T/go/get:/tmp/get:ro" -- /tmp/get https://allowed.test/go
  expect 0 "hello to GET /go"
}
