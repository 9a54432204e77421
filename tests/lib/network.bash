# shellcheck shell=bash
# A bridge with the origin behind it, in a network namespace of its own. Docker's containers, CNI and plain bundles
# attach to the same bridge, so nothing is forwarded and no table of the host is touched.

start_network() {
  local number=$((16#$(printf '%s' "$NAME" | md5sum | cut -c1-4) % 250 + 1)) attempts=0
  # The first free one from there: another suite may be at work, and its bridge is not ours to touch.
  until ip link add "ncb$number" type bridge 2>/dev/null; do
    number=$((number % 250 + 1)) attempts=$((attempts + 1))
    [ "$attempts" -lt 250 ] || fail "cannot make a bridge: $(ip link add "ncb$number" type bridge 2>&1)" || return 1
  done
  BRIDGE=ncb$number
  ORIGIN_NETNS=$NAME-origin
  SUBNET=10.213.$number
  ORIGIN_IP=$SUBNET.2
  export BRIDGE ORIGIN_NETNS SUBNET ORIGIN_IP
  make_certificates
  ip address add "$SUBNET.1/24" dev "$BRIDGE"
  ip link set "$BRIDGE" up
  add_namespace "$ORIGIN_NETNS" "$ORIGIN_IP" "nco$number"
  ip netns exec "$ORIGIN_NETNS" /usr/bin/python3 "$TESTS_LIB/origin.py" "$T" "$ORIGIN_IP" \
    </dev/null >"$T/origin.out" 2>&1 3>&- &
  echo $! >"$T/origin.pid"
  wait_until 120 test -e "$T/origin.ready" || fail "the origin did not start:" "$(cat "$T/origin.out")"
}

stop_network() {
  [ ! -e "$T/origin.pid" ] || stop_pid "$(cat "$T/origin.pid")"
  local netns
  for netns in $(ip netns list | awk '{print $1}' | grep "^$NAME-" || true); do
    ip netns delete "$netns"
  done
  [ -z "${BRIDGE:-}" ] || ip link delete "$BRIDGE" 2>/dev/null || true
}

# A namespace with an interface on the bridge: `add_namespace NAME ADDRESS VETH`
add_namespace() {
  ip netns add "$1"
  ip link add "$3" type veth peer name eth0 netns "$1"
  ip link set "$3" master "$BRIDGE" up
  ip -n "$1" link set lo up
  ip -n "$1" address add "$2/24" dev eth0
  ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$SUBNET.1"
}

make_certificates() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$T/ca.key"
  openssl req -x509 -new -key "$T/ca.key" -subj "/CN=NemoClaw test CA" -days 30 -out "$T/ca.pem" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$T/origin.key"
  openssl req -new -key "$T/origin.key" -subj "/CN=allowed.test" -out "$T/origin.csr" 2>/dev/null
  openssl x509 -req -in "$T/origin.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 30 \
    -extfile <(echo "subjectAltName=DNS:allowed.test,DNS:other.test,DNS:*.wild.test,IP:$ORIGIN_IP") \
    -out "$T/origin.pem" 2>/dev/null
}

# How many times the origin saw something that matches.
origin_saw() { grep -c -- "$1" "$T/origin.log" || true; }
