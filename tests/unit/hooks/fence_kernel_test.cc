// The fence in a real kernel: each case runs in a child process with a network namespace of its own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>

#include "hooks/fence_apply.h"
#include "hooks/fence_probe.h"
#include "hooks/net_namespace.h"
#include "runtime/base/file.h"
#include "tests/unit/hooks/network_namespace.h"

namespace nemoclaw::hooks {
namespace {

std::string give_routes() {
  const char* script =
      "ip link set lo up && ip link add nc0 type veth peer name nc1 && ip link set nc0 up && ip link set nc1 "
      "up && "
      "ip addr add 198.51.100.2/24 dev nc0 && ip route add default via 198.51.100.1 && "
      "ip -6 addr add 2001:db8:1::2/64 dev nc0 nodad && ip -6 route add default via 2001:db8:1::1";
  return system(script) == 0 ? "" : "no veth";
}

int udp_error(const char* address, uint16_t port, uint32_t mark = 0) {
  Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (mark && setsockopt(socket.raw(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) return errno;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, address, &to.sin_addr);
  return sendto(socket.raw(), "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to) < 0 ? errno : 0;
}

std::string load_and_prove() {
  Result<Netlink> nft = open_nftables();
  if (!nft) return nft.error().message;
  if (fence_exists(*nft)) return "a fresh namespace has a fence";
  const Result<LoadedFence> loaded = apply_fence(*nft, FencePlan{});
  if (!loaded) return loaded.error().message;
  if (!fence_exists(*nft)) return "the fence is not there";
  const Result<void> proven = probe_fence();
  return proven ? "" : proven.error().message;
}

using FenceKernel = NetworkNamespaceTest;

TEST_F(FenceKernel, HoldsWithoutAnyInterface) { EXPECT_EQ(in_namespace(load_and_prove), ""); }

TEST_F(FenceKernel, HoldsWithRoutesInBothFamilies) {
  EXPECT_EQ(in_namespace([] {
              const std::string routes = give_routes();
              return routes.empty() ? load_and_prove() : routes;
            }),
            "");
}

// Sysctls that a manager may set in a container's namespace (docker run --sysctl).
TEST_F(FenceKernel, TakesBackWhatWouldHandOnTheMark) {
  EXPECT_EQ(
      in_namespace([]() -> std::string {
        const std::string ip = "/proc/sys/net/ipv4/";
        const std::vector<std::string> files = {ip + "tcp_fwmark_accept", ip + "conf/all/route_localnet"};
        for (const std::string& file : files)
          if (const Result<void> set = write_file(file, "1"); !set) return set.error().message;
        if (const std::string problem = load_and_prove(); !problem.empty()) return problem;
        for (const std::string& file : files)
          if (read_file(file, 64).value_or("") != "0\n") return file + " is still set";
        return "";
      }),
      "");
}

TEST_F(FenceKernel, LoadsTwice) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              Result<Netlink> nft = open_nftables();
              for (int round = 0; round < 2; ++round)
                if (const Result<LoadedFence> loaded = apply_fence(*nft, FencePlan{}); !loaded)
                  return loaded.error().message;
              const Result<std::string> tables = run_nft("list tables");
              return *tables == "table inet nemoclaw\n" ? "" : *tables;
            }),
            "");
}

TEST_F(FenceKernel, OnlyTheMarkPassesOnUdp) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
              if (udp_error("192.0.2.1", 9) != EPERM) return "unmarked UDP was sent";
              if (udp_error("192.0.2.1", 9, 0x4e43) != 0) return "marked UDP was stopped";
              if (udp_error("192.0.2.1", 9, 0x4e44) != EPERM) return "another mark passes";
              return udp_error("198.51.100.2", 9) == 0 ? "" : "the sandbox cannot reach its own address";
            }),
            "");
}

// conntrack still knows the proxy's question when a sandboxed process takes over the proxy's port.
TEST_F(FenceKernel, SourcePortOfTheProxyIsNoTicket) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
              Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
              sockaddr_in from{}, to{};
              from.sin_family = to.sin_family = AF_INET;
              from.sin_port = htons(40000);
              to.sin_port = htons(53);
              inet_pton(AF_INET, "198.51.100.1", &to.sin_addr);
              if (bind(socket.raw(), reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) return "bind";
              const uint32_t marks[] = {0x4e43, 0};
              int results[2];
              for (int round = 0; round < 2; ++round) {
                if (setsockopt(socket.raw(), SOL_SOCKET, SO_MARK, &marks[round], sizeof marks[round]) != 0)
                  return "mark";
                const ssize_t sent =
                    sendto(socket.raw(), "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
                results[round] = sent < 0 ? errno : 0;
              }
              if (results[0] != 0)
                return "the proxy's packet was stopped: " + std::string(strerror(results[0]));
              return results[1] == EPERM ? "" : "a packet without mark followed the proxy's flow";
            }),
            "");
}

TEST_F(FenceKernel, CapturesTcpToTheListener) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
              Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
                  client(socket(AF_INET, SOCK_STREAM, 0));
              sockaddr_in here{}, there{};
              here.sin_family = there.sin_family = AF_INET;
              here.sin_port = htons(3129);
              here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              there.sin_port = htons(443);
              inet_pton(AF_INET, "192.0.2.1", &there.sin_addr);
              if (bind(listener.raw(), reinterpret_cast<sockaddr*>(&here), sizeof here) != 0) return "bind";
              if (listen(listener.raw(), 1) != 0) return "listen";
              if (connect(client.raw(), reinterpret_cast<sockaddr*>(&there), sizeof there) != 0)
                return "the connection was not captured: " + std::string(strerror(errno));
              Fd accepted(accept(listener.raw(), nullptr, nullptr));
              sockaddr_in original{};
              socklen_t length = sizeof original;
              if (getsockopt(accepted.raw(), IPPROTO_IP, 80 /* SO_ORIGINAL_DST */, &original, &length) != 0)
                return "no original destination";
              return original.sin_addr.s_addr == there.sin_addr.s_addr && original.sin_port == there.sin_port
                         ? ""
                         : "another original destination";
            }),
            "");
}

// What Docker sets up for its embedded resolver; its port is DNATed before our filter sees the packet.
TEST_F(FenceKernel, CoexistsWithDockersNat) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes(); !failed.empty()) return failed;
              const std::string docker =
                  "table ip nat {\n chain OUTPUT {\n type nat hook output priority -100; policy accept;\n"
                  "  ip daddr 127.0.0.11 udp dport 53 counter dnat to 127.0.0.11:40053\n"
                  "  ip daddr 127.0.0.11 tcp dport 53 counter dnat to 127.0.0.11:40054\n"
                  "  tcp dport 443 counter dnat to 203.0.113.9:443\n }\n}\n";
              if (const Result<std::string> run = run_nft(docker); !run) return run.error().message;
              const std::string before = run_nft("list table ip nat").value_or("");
              if (std::string failed = load_and_prove(); !failed.empty()) return failed;
              if (udp_error("127.0.0.11", 40053) != EPERM)
                return "the resolver's real port answers the sandbox";
              if (udp_error("127.0.0.11", 53, 0x4e43) != 0) return "the proxy cannot ask Docker's resolver";
              const std::string after = run_nft("list table ip nat").value_or("");
              if (after.find("udp dport 53 counter packets 1") == std::string::npos &&
                  after.find("packets 2") == std::string::npos)
                return "Docker's translation did not see the proxy's question: " + after;
              return before.empty() || after.find("dnat to 127.0.0.11:40054") == std::string::npos
                         ? "Docker's table changed"
                         : "";
            }),
            "");
}

TEST_F(FenceKernel, ProbeFindsAMissingFence) {
  const std::string found = in_namespace([]() -> std::string {
    if (std::string failed = give_routes(); !failed.empty()) return failed;
    const Result<void> proven = probe_fence();
    return proven ? "proven without a fence" : proven.error().message;
  });
  EXPECT_EQ(found, "the fence does not hold: a UDP packet to 127.0.0.11 port 54 was sent");
}

TEST_F(FenceKernel, ProbeFindsAMissingRedirect) {
  const std::string found = in_namespace([]() -> std::string {
    if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
    (void)run_nft("flush chain inet nemoclaw capture; insert rule inet nemoclaw output tcp dport 9 accept");
    const Result<void> proven = probe_fence();
    return proven ? "proven without a redirect" : proven.error().message;
  });
  EXPECT_EQ(found,
            "the fence does not hold: a TCP connection to 192.0.2.1 port 9 was neither captured nor refused");
}

// Frames that come out of the other end of nc0, with the gateways' link addresses known, so that nothing waits for them.
Fd watch_link(const char* routes) {
  const std::string neighbours =
      std::string(routes) +
      "m=$(ip -o link show nc1 | sed 's/.*ether \\([^ ]*\\).*/\\1/') && ip neigh add 198.51.100.1 lladdr $m dev nc0 && "
      "ip -6 neigh add 2001:db8:1::1 lladdr $m dev nc0 && ip -6 neigh add fe80::1 lladdr $m dev nc0 && "
      "ip neigh add 192.0.2.1 lladdr $m dev nc0 && ip -6 neigh add 2001:db8::9 lladdr $m dev nc0 && "
      "ip neigh add 127.0.0.1 lladdr $m dev nc0; true";
  if (system(neighbours.c_str()) != 0) return Fd();
  Fd frames(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(ETH_P_ALL);
  at.sll_ifindex = static_cast<int>(if_nametoindex("nc1"));
  if (bind(frames.raw(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return Fd();
  return frames;
}

// Whether a frame holds what the attempts below send, or goes to where they go.
std::string stolen_frame(const Fd& frames) {
  unsigned char frame[2048];
  for (ssize_t got; (got = recv(frames.raw(), frame, sizeof frame, 0)) > 0;) {
    const int kind = frame[12] << 8 | frame[13];
    const bool icmp6 = kind == ETH_P_IPV6 && (frame[20] == IPPROTO_ICMPV6 || frame[20] == IPPROTO_HOPOPTS);
    if ((kind == ETH_P_IP || kind == ETH_P_IPV6) && !icmp6) return format("a frame of type %04x left", kind);
  }
  return "";
}

int send_bound(int family, int type, const char* address, uint16_t port, bool bound) {
  Fd socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (bound && setsockopt(socket.raw(), SOL_SOCKET, SO_BINDTODEVICE, "nc0", 4) != 0) return errno;
  sockaddr_storage to{};
  auto& four = reinterpret_cast<sockaddr_in&>(to);
  auto& six = reinterpret_cast<sockaddr_in6&>(to);
  to.ss_family = static_cast<sa_family_t>(family);
  four.sin_port = htons(port);
  inet_pton(family, address, family == AF_INET ? static_cast<void*>(&four.sin_addr) : &six.sin6_addr);
  if (family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six.sin6_addr)) six.sin6_scope_id = if_nametoindex("nc0");
  const socklen_t length = family == AF_INET ? sizeof four : sizeof six;
  const int flags = type == SOCK_STREAM ? MSG_FASTOPEN : 0;  // data in the first packet
  if (sendto(socket.raw(), "stolen", 6, flags, reinterpret_cast<sockaddr*>(&to), length) < 0) return errno;
  return 0;
}

// SO_BINDTODEVICE needs no privilege. The redirect changes the address of a packet, and not the interface of its
// socket: what was redirected to 127.0.0.1 went out to the gateway, with what the sandbox had put into it.
void send_everything_bound() {
  for (const bool bound : {true, false})
    for (const uint16_t port : {uint16_t{53}, uint16_t{443}, uint16_t{9}})
      for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
        for (const char* address : {"192.0.2.1", "127.0.0.1", "127.0.0.11", "198.51.100.1", "198.51.100.255"})
          send_bound(AF_INET, type, address, port, bound);
        for (const char* address : {"2001:db8::9", "::1", "fe80::1", "2001:db8:1::1"})
          send_bound(AF_INET6, type, address, port, bound);
      }
}

std::string try_everything_bound(const char* routes) {
  if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
  const Fd frames = watch_link(routes);
  if (!frames.valid()) return "nothing watches the link";
  if (udp_error("192.0.2.1", 9, 0x4e43) != 0) return "marked UDP was stopped";
  if (stolen_frame(frames).empty()) return "what leaves is not seen";
  send_everything_bound();
  usleep(100'000);  // for what the kernel sends later
  return stolen_frame(frames);
}

TEST_F(FenceKernel, WhatIsBoundToAnInterfaceDoesNotLeaveByIt) {
  EXPECT_EQ(in_namespace([] { return try_everything_bound(""); }), "");
}

TEST_F(FenceKernel, WhatIsBoundToAnInterfaceWithoutAGatewayDoesNotLeaveByIt) {
  EXPECT_EQ(in_namespace([] {
              return try_everything_bound("ip route replace default dev nc0 && ip -6 route replace default dev nc0 && ");
            }),
            "");
}

// At once, as for every other packet: a connection that waited for its time would look like a slow network.
TEST_F(FenceKernel, WhatIsBoundToAnInterfaceIsRefusedAtOnce) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
              if (send_bound(AF_INET, SOCK_DGRAM, "192.0.2.1", 53, true) != EPERM) return "a question was sent";
              Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
              if (setsockopt(socket.raw(), SOL_SOCKET, SO_BINDTODEVICE, "nc0", 4) != 0) return "bind";
              sockaddr_in to{};
              to.sin_family = AF_INET;
              to.sin_port = htons(443);
              inet_pton(AF_INET, "192.0.2.1", &to.sin_addr);
              const int code = connect(socket.raw(), reinterpret_cast<sockaddr*>(&to), sizeof to);
              return code != 0 && errno == ECONNREFUSED ? "" : "connect: " + std::string(strerror(errno));
            }),
            "");
}

// Any name server, over UDP: what comes back seems to be its own answer.
TEST_F(FenceKernel, CapturesQuestionsForNames) {
  EXPECT_EQ(in_namespace([]() -> std::string {
              if (std::string failed = give_routes() + load_and_prove(); !failed.empty()) return failed;
              Fd server(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
              sockaddr_in here{};
              here.sin_family = AF_INET;
              here.sin_port = htons(3130);
              here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              if (bind(server.raw(), reinterpret_cast<sockaddr*>(&here), sizeof here) != 0) return "bind";
              for (const char* name_server : {"192.0.2.1", "127.0.0.11"}) {
                Fd client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
                sockaddr_in there{}, from{};
                there.sin_family = AF_INET;
                there.sin_port = htons(53);
                inet_pton(AF_INET, name_server, &there.sin_addr);
                if (connect(client.raw(), reinterpret_cast<sockaddr*>(&there), sizeof there) != 0)
                  return "connect";
                if (send(client.raw(), "who?", 4, 0) != 4) return "send: " + std::string(strerror(errno));
                char bytes[8];
                socklen_t length = sizeof from;
                if (recvfrom(server.raw(), bytes, sizeof bytes, MSG_DONTWAIT,
                             reinterpret_cast<sockaddr*>(&from), &length) != 4)
                  return std::string("not captured: ") + name_server;
                sendto(server.raw(), "me", 2, 0, reinterpret_cast<sockaddr*>(&from), length);
                if (recv(client.raw(), bytes, sizeof bytes, MSG_DONTWAIT) != 2)
                  return std::string("no answer as if from ") + name_server;
              }
              return "";
            }),
            "");
}

TEST_F(FenceKernel, HostNamespaceIsRefused) {
  const Result<NetNamespace> own = open_net_namespace(0);
  ASSERT_TRUE(own);
  const Result<void> refused = refuse_host_namespace(*own);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--network host"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace nemoclaw::hooks
