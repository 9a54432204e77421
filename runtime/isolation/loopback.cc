#include "runtime/isolation/loopback.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "runtime/base/fd.h"

namespace nemoclaw::isolation {

Result<void> raise_loopback() {
  Fd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return errno_error("loopback: socket");
  ifreq request = {};
  memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket_fd.raw(), SIOCSIFFLAGS, &request) != 0) return errno_error("loopback: set the device up");
  return {};
}

}  // namespace nemoclaw::isolation
