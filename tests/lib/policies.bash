# shellcheck shell=bash
# The policies that the suites use. `main` allows one program to reach one host, and opens exactly two directories.

write_policies() {
  cat >"$T/policies/main.yaml" <<'EOF'
version: 1
filesystem_policy:
  include_workdir: false
  read_only: [/bin, /sbin, /usr, /lib, /lib64, /proc, /dev/urandom, /etc/ssl, /etc/passwd, /etc/group, /etc/hosts,
              /etc/hostname, /etc/resolv.conf, /etc/nsswitch.conf]
  read_write: [/sandbox, /tmp]
network_policies:
  allowed_host:
    endpoints:
      - {host: allowed.test, port: 443}
    binaries:
      - {path: /usr/bin/curl}
EOF
}

# The policy that the runtime `current` reads at its next create; the text comes on stdin.
write_current_policy() { cat >"$T/policies/current.yaml"; }
