// What outlives a worker: listening sockets, the nflog subscription, the audit file, the state. The holder
// opens them as root in the sandbox's network namespace and never reads from them.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

#include <sys/types.h>

namespace nemoclaw::holder {

// The worker gets each as `--socket NAME=FD`; a name may occur twice (IPv4 and IPv6).
struct Socket {
  std::string name;
  Fd fd;
};
using Sockets = std::vector<Socket>;

struct SocketsPlan {
  std::string sandbox_directory, audit_file;
  Fd host_net;  // where the control socket is made; invalid: here
  uid_t uid = 0;
  gid_t gid = 0;
};
// Everything, for the first worker. `warning`: what the sandbox can do without (the nflog subscription).
Result<Sockets> open_sockets(SocketsPlan plan, std::string& warning);

// The parts.
// On a loopback address of `family`, with IP_FREEBIND: the interface may come up, or get its address, only
// later. Port 0: any.
Result<Fd> listen_on_loopback(int family, int type, uint16_t port);
// False if the kernel has no IPv6 at all; then there is nothing to listen on and nothing to fence.
bool has_ipv6();
// Replaces a socket that an earlier proxy left behind; mode 0600.
Result<Fd> listen_control(const std::string& path);
// Packets that the fence rejected, of the current network namespace.
Result<Fd> subscribe_nflog(uint16_t group);
// Append-only file of the proxy's user.
Result<Fd> open_audit(const std::string& file, uid_t uid, gid_t gid);
// The files below <sandbox directory>/trust that tell clients about the sandbox's certificate authority, for a worker to
// append to: those of the containers, which the runtime made and mounted, and ca.pem and truststore.p12 for containers
// that join later.
Result<std::vector<Fd>> open_trust_files(const std::string& sandbox_directory);
// A file without a name, append-only, for what a worker must not forget.
Result<Fd> make_state();

}  // namespace nemoclaw::holder
