# shellcheck shell=bash
# An image that looks like Debian and has none of its programs: /usr of this machine is mounted over it, so that the
# clients of the tests are the real ones. Its trust file holds the origin's CA alone.

import_debian_image() {
  local root=$T/debian name
  mkdir -p "$root"/{dev,etc/ssl/certs,proc,run,sys,tmp,usr,var/tmp,home}
  chmod 1777 "$root/tmp" "$root/var/tmp"
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  : >"$root/etc/resolv.conf"
  echo '127.0.0.1 localhost' >"$root/etc/hosts"
  cp "$T/ca.pem" "$root/etc/ssl/certs/ca-certificates.crt"
  cp /etc/ld.so.cache "$root/etc/"
  [ ! -d /etc/alternatives ] || cp -a /etc/alternatives "$root/etc/"
  for name in /etc/java*; do [ ! -d "$name" ] || cp -a "$name" "$root/etc/"; done
  "$DOCKER" -H "unix://$T/docker.sock" version >/dev/null
  tar -C "$root" -c . | docker import - debian >/dev/null
}

# An image that looks like Alpine: busybox, and the roots where musl's programs look for them.
import_alpine_image() {
  local root=$T/alpine busybox name
  busybox=$(command -v busybox)
  mkdir -p "$root"/{bin,dev,etc/ssl,proc,run,sys,tmp}
  chmod 1777 "$root/tmp"
  cp "$busybox" "$root/bin/busybox"
  for name in sh env wget cat; do ln -s busybox "$root/bin/$name"; done
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  echo 'ID=alpine' >"$root/etc/os-release"
  cp "$T/ca.pem" "$root/etc/ssl/cert.pem"
  tar -C "$root" -c . | docker import - alpine >/dev/null
}

# A static program that gets an URL: `build_go_client FILE`
build_go_client() {
  mkdir -p "$T/go"
  cat >"$T/go/main.go" <<'EOG'
package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	answer, failure := http.Get(os.Args[1])
	if failure != nil { fmt.Println(failure); os.Exit(1) }
	body, _ := io.ReadAll(answer.Body)
	fmt.Print(string(body))
}
EOG
  HOME=$T GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 go build -o "$1" "$T/go/main.go"
}

# `client [OPTIONS] -- COMMAND...`: in that image, under the policy `current`.
client() {
  local options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  rm -f "$T/cid"
  docker run --rm --runtime current --cidfile "$T/cid" -v /usr:/usr:ro --add-host "allowed.test:$ORIGIN_IP" \
    --add-host "other.test:$ORIGIN_IP" "${options[@]}" debian "$@"
}

# Needs docker_suite.bash.
start_clients_suite() {
  make_private_directory
  write_policies
  start_network
  start_docker
  [ -e "$T/no-docker" ] || import_debian_image
}
