#!/usr/bin/env bats
# HTTP/2 and gRPC from one end to the other: real clients in containers, real origins, and every stream judged by itself.

bats_require_minimum_version 1.5.0

load ../lib/docker_suite
load ../lib/clients

setup_file() {
  start_clients_suite
  write_api_policy
  start_http2_origins
}

teardown_file() {
  local name
  for name in http2 grpc nginx; do [ ! -e "$T/$name.pid" ] || stop_pid "$(cat "$T/$name.pid")"; done
  stop_docker_suite
}

write_api_policy() {
  write_current_policy <<'YAML'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc], read_write: [/tmp, /sandbox]}
network_policies:
  api:
    endpoints:
      - host: allowed.test
        port: 443
        protocol: rest
        access: read-only
      - host: allowed.test
        port: 8444
        protocol: rest
        rules:
          - {allow: {method: GET, path: /**}}
          - {allow: {method: POST, path: /upload}}
          - {allow: {method: POST, path: /echo}}
      - host: allowed.test
        port: 8444
        path: /graphql
        protocol: graphql
        rules:
          - {allow: {operation_type: query, fields: [viewer]}}
      - host: other.test
        port: 8444
        protocol: rest
        access: full
        limits: {body_bytes_max: 100000, requests_per_minute: 2}
      - host: allowed.test
        port: 50051
        protocol: rest
        rules:
          - {allow: {method: POST, path: /test.Echo/Say}}
          - {allow: {method: POST, path: /test.Echo/Count}}
          - {allow: {method: POST, path: /test.Echo/Chat}}
      - {host: allowed.test, port: 8447, protocol: rest, access: read-only, enforcement: audit}
      - host: allowed.test
        port: 8446
        protocol: rest
        access: read-only
YAML
}

start_http2_origins() {
  if [ -x /usr/bin/node ]; then
    run_origin http2 /usr/bin/node "$TESTS_LIB/http2_origin.js" "$T" "$ORIGIN_IP" 8444 8447
    wait_until 60 test -e "$T/http2.ready" || fail "the HTTP/2 origin did not start:" "$(cat "$T/http2.out")"
  fi
  if has_grpc; then
    run_origin grpc /usr/bin/python3 "$TESTS_LIB/grpc_echo.py" serve "$T" "$ORIGIN_IP" 50051
    wait_until 60 test -e "$T/grpc.ready" || fail "the gRPC origin did not start:" "$(cat "$T/grpc.out")"
  fi
  [ ! -x /usr/sbin/nginx ] || start_nginx
}

# NAME COMMAND...: beside the origin, in its network.
run_origin() {
  local name=$1
  shift
  ip netns exec "$ORIGIN_NETNS" "$@" </dev/null >"$T/$name.out" 2>&1 3>&- &
  echo $! >"$T/$name.pid"
}

has_grpc() { /usr/bin/python3 -c 'import grpc' 2>/dev/null; }

start_nginx() {
  mkdir -p "$T/nginx"
  cat >"$T/nginx/nginx.conf" <<CONF
daemon off; master_process off; pid $T/nginx/pid; error_log $T/nginx/error.log;
events {}
http {
  log_format seen 'nginx \$server_protocol \$request_method \$host \$request_uri \$request_length';
  access_log $T/origin.log seen;
  client_body_temp_path $T/nginx; proxy_temp_path $T/nginx; fastcgi_temp_path $T/nginx; uwsgi_temp_path $T/nginx; scgi_temp_path $T/nginx;
  server {
    listen $ORIGIN_IP:8446 ssl http2;
    ssl_certificate $T/origin.pem; ssl_certificate_key $T/origin.key;
    location / { return 200 "nginx says hello to \$request_method \$request_uri in \$server_protocol\n"; }
  }
}
CONF
  run_origin nginx /usr/sbin/nginx -p "$T/nginx" -c "$T/nginx/nginx.conf"
  wait_until 60 ip netns exec "$ORIGIN_NETNS" curl -sk -o /dev/null "https://$ORIGIN_IP:8446/ready" ||
    fail "nginx did not start:" "$(cat "$T/nginx.out" "$T/nginx/error.log")"
}

need_node() { [ -x /usr/bin/node ] || skip "no /usr/bin/node"; }
need_grpc() { has_grpc || skip "python3-grpcio is not installed"; }

# `calls ORIGIN` with one JSON object a line on stdin: http2_client.js in a container.
calls() {
  client -i -v "$TESTS_LIB/http2_client.js:/tmp/client.js:ro" -- /usr/bin/node /tmp/client.js "$1"
}
# `grpc_client ARGUMENTS...`
grpc_client() {
  client -v "$TESTS_LIB/grpc_echo.py:/tmp/echo.py:ro" -- /usr/bin/python3 /tmp/echo.py "$@"
}

@test "C11: ALPN is the origin's choice: HTTP/2 where it speaks it, HTTP/1.1 where it does not" {
  need_node
  run client -- /usr/bin/curl -sS -w 'version %{http_version}\n' https://allowed.test:8444/hello
  expect 0 "hello to GET /hello in h2" "version 2"
  run client -- /usr/bin/curl -sS --http1.1 -w 'version %{http_version}\n' https://allowed.test:8444/hello1
  expect 0 "hello to GET /hello1 in h1" "version 1.1"
  run client -- /usr/bin/curl -sS -w 'version %{http_version}\n' https://allowed.test/only1
  expect 0 "hello to GET /only1" "version 1.1"
  run client -- /usr/bin/curl -sS --noproxy '*' https://allowed.test:8444/captured
  expect 0 "hello to GET /captured in h2"
}

@test "C11: Go and Java choose HTTP/2 by themselves" {
  need_node
  need_program go
  mkdir -p "$T/go"
  cat >"$T/go/main.go" <<'EOF2'
package main

import ("fmt"; "io"; "net/http"; "os"; "strings")

func show(answer *http.Response, failure error) {
	if failure != nil { fmt.Println(failure); os.Exit(1) }
	body, _ := io.ReadAll(answer.Body)
	fmt.Print(answer.Proto, " ", answer.StatusCode, " ", string(body))
}

func main() {
	show(http.Get(os.Args[1] + "/go"))
	show(http.Post(os.Args[1] + "/go-no", "text/plain", strings.NewReader("x")))
	show(http.Get(os.Args[1] + "/go-again"))
}
EOF2
  HOME=$T GO111MODULE=off CGO_ENABLED=0 go build -o "$T/go/get" "$T/go/main.go"
  run client -v "$T/go/get:/tmp/get:ro" -- /tmp/get https://allowed.test:8444
  expect 0 "HTTP/2.0 200 origin says hello to GET /go in h2" "HTTP/2.0 403" policy_denied "HTTP/2.0 200 origin says hello to GET /go-again"
  need_program java
  mkdir -p "$T/java"
  cat >"$T/java/Get.java" <<'EOF2'
import java.net.URI;
import java.net.http.*;
public class Get {
  public static void main(String[] a) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    for (String path : new String[] {"/java", "/java-no", "/java-again"}) {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(a[0] + path));
      if (path.endsWith("-no")) request.POST(HttpRequest.BodyPublishers.ofString("x"));
      HttpResponse<String> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      System.out.println(answer.version() + " " + answer.statusCode() + " " + answer.body());
    }
  }
}
EOF2
  chmod -R a+rX "$T/java"
  run client -e JAVA_HOME=/usr/lib/jvm -v "$T/java:/tmp/java:ro" -- "$(readlink -f "$(command -v java)")" \
    -Xshare:off -XX:+UseSerialGC -XX:TieredStopAtLevel=1 /tmp/java/Get.java https://allowed.test:8444
  expect 0 "HTTP_2 200 origin says hello to GET /java in h2" "HTTP_2 403" policy_denied "HTTP_2 200 origin says hello to GET /java-again"
  [ "$(origin_saw '/go-no\|/java-no')" -eq 0 ]
}

@test "enforcement audit lets pass over HTTP/2 what the rules deny, and says so" {
  need_node
  run client -- /usr/bin/curl -sS -w 'version %{http_version}\n' -d x https://allowed.test:8447/watched
  expect 0 "hello to POST /watched in h2" "version 2"
  expect_audit '.would_deny == true and .verdict == "allow" and .path == "/watched"'
}

@test "a denied POST over HTTP/2 gets the same body as over HTTP/1.1, and never reaches the origin" {
  need_node
  run client -- /usr/bin/curl -sS -w '%{http_code} version %{http_version}\n' -d data https://allowed.test:8444/forbidden
  expect 0 '"error":"policy_denied"' "POST /forbidden not permitted by policy" next_steps "403 version 2"
  [ "$(origin_saw /forbidden)" -eq 0 ]
  expect_audit '.class_uid == 4002 and .verdict == "deny" and .method == "POST" and .path == "/forbidden" and .layer == "l7"'
}

@test "nginx as the origin: an allowed GET and a denied POST" {
  [ -x /usr/sbin/nginx ] || skip "nginx is not installed"
  run client -- /usr/bin/curl -sS https://allowed.test:8446/page -d x https://allowed.test:8446/no --next -sS 'https://allowed.test:8446/a/../b?c=%20d'
  expect 0 '"error":"policy_denied"' "hello to GET /b?c=%20d in HTTP/2.0"
  [ "$(origin_saw '8446.*/no\|nginx.*/no')" -eq 0 ]
  [ "$(origin_saw 'nginx HTTP/2.0 GET allowed.test /b')" -eq 1 ]
}

@test "D11: allowed and denied streams of one connection do not disturb each other; bodies, trailers and hints pass" {
  need_node
  run calls https://allowed.test:8444 <<'EOF2'
{"path": "/one"}
{"method": "DELETE", "path": "/two"}
{"method": "POST", "path": "/upload", "body": 700000}
{"method": "POST", "path": "/three", "body": 300000}
{"path": "/bytes/3000000"}
{"path": "/trailers"}
{"path": "/hints"}
{"path": "/reset"}
{"method": "HEAD", "path": "/head"}
{"method": "POST", "path": "/echo", "body": 500000}
EOF2
  expect 0 '/one 200' '/two 403' '/three 403' '/bytes/3000000 200 3000000' '/echo 200 500000' 'trailer=seven' 'interim=103' \
    '/head 200 0' '/reset 502' 'the origin ended the stream' 'session closed'
  expect_not alt-svc
  [ "$(origin_saw 'h2 POST allowed.test:8444 /upload 700000')" -eq 1 ]
  [ "$(origin_saw '/two\|/three')" -eq 0 ]
}

@test "D12: a connection for one name is not used for another: 421, and the next stream goes on" {
  need_node
  run calls https://allowed.test:8444 <<'EOF2'
{"path": "/mine", "headers": {":authority": "allowed.test:8444"}}
{"path": "/theirs", "headers": {":authority": "other.test:8444"}}
{"path": "/mine2"}
EOF2
  expect 0 '/mine 200' '/theirs 421' authority_mismatch '/mine2 200'
  [ "$(origin_saw /theirs)" -eq 0 ]
}

@test "bodies that are judged and limits work as over HTTP/1.1" {
  need_node
  graph() { client -- /usr/bin/curl -sS -w ' %{http_code} version %{http_version}\n' -H 'Content-Type: application/json' -d "$1" https://allowed.test:8444/graphql; }
  run graph '{"query":"{ viewer { login } }"}'
  expect 0 "hello to POST /graphql in h2"
  run graph '{"query":"mutation { viewer { login } }"}'
  expect 0 "403 version 2"
  [ "$(origin_saw /graphql)" -eq 1 ]
  run client -- /bin/sh -c 'head -c 200000 /dev/zero >/tmp/zeros
    curl -sS -w " %{http_code} version %{http_version}\n" -T /tmp/zeros https://other.test:8444/declared
    curl -sS -w " %{http_code} version %{http_version}\n" -T - https://other.test:8444/undeclared </tmp/zeros
    curl -sS -w " %{http_code} version %{http_version}\n" https://other.test:8444/3 https://other.test:8444/4'
  expect 0 "429 version 2" "limits leave" "body_bytes_max is 100000" "hello to GET /3" "more than 2 requests within a minute"
  [ "$(origin_saw 'h2 PUT .*declared')" -eq 0 ]  # whole; of the second it saw the beginning
}

@test "gRPC: unary and streaming calls pass, a method that no rule allows is PERMISSION_DENIED with a message" {
  need_grpc
  run grpc_client call allowed.test:50051 Say world
  expect 0 "hello world" "x-count=1"
  run grpc_client call allowed.test:50051 Count 300
  expect 0 "299"
  run grpc_client call allowed.test:50051 Chat a b c
  expect 0 "you said a" "you said b" "you said c"
  run grpc_client call allowed.test:50051 Forbidden x
  expect 0 "PERMISSION_DENIED: policy_denied: POST /test.Echo/Forbidden not permitted by policy" "(decision "
  [ "$(origin_saw 'grpc Forbidden')" -eq 0 ]
  expect_audit '.verdict == "deny" and .path == "/test.Echo/Forbidden"'
}

@test "an origin that cannot be trusted is UNAVAILABLE for gRPC and 502 for others, with the reason" {
  need_grpc
  write_current_policy <<'EOF2'
version: 1
filesystem_policy: {read_only: [/usr, /etc, /proc], read_write: [/tmp, /sandbox]}
network_policies:
  api:
    endpoints:
      - {host: wrong.test, port: 50051, protocol: rest, access: full}
EOF2
  run client --add-host "wrong.test:$ORIGIN_IP" -v "$TESTS_LIB/grpc_echo.py:/tmp/echo.py:ro" -- \
    /usr/bin/python3 /tmp/echo.py call wrong.test:50051 Say x
  expect 0 "UNAVAILABLE: upstream_tls: the origin's TLS: certificate: hostname mismatch"
  write_api_policy
}

@test "a policy that comes into force ends the streams that it does not allow, and leaves the others" {
  need_grpc
  local id
  write_api_policy
  id=$(docker run -d --runtime current -v /usr:/usr:ro --add-host "allowed.test:$ORIGIN_IP" \
    -v "$TESTS_LIB/grpc_echo.py:/tmp/echo.py:ro" debian /usr/bin/python3 /tmp/echo.py hold allowed.test:50051)
  wait_until 30 container_said "$id" "you said first" || fail "$(docker logs "$id" 2>&1)"
  sed 's#/test.Echo/Chat#/test.Echo/Other#' "$T/policies/current.yaml" >"$T/without-chat.yaml"
  run "$CTL" policy set "$id" "$T/without-chat.yaml" --config "$T/config.yaml"
  expect 0
  wait_until 30 container_said "$id" "PERMISSION_DENIED: policy_denied: ended, because the policy" || fail "$(docker logs "$id" 2>&1)"
  docker rm -f "$id" >/dev/null
}

container_said() { docker logs "$1" 2>&1 | grep -q -- "$2"; }
