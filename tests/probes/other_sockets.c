// Which socket families beyond unix, IPv4, IPv6 and route netlink does this process get? One line per family that opens.
#include "probe.h"

#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  static const struct { const char* name; int family, type, protocol; } kinds[] = {
      {"alg", AF_ALG, SOCK_SEQPACKET, 0},     {"vsock", AF_VSOCK, SOCK_STREAM, 0},
      {"bluetooth", AF_BLUETOOTH, SOCK_RAW, 0}, {"netfilter", AF_NETLINK, SOCK_RAW, 12},
      {"audit", AF_NETLINK, SOCK_RAW, 9},     {"kcm", AF_KCM, SOCK_DGRAM, 0},
  };
  int opened = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    int fd = socket(kinds[i].family, kinds[i].type, kinds[i].protocol);
    if (fd < 0) continue;
    opened++;
    printf("other_sockets: %s opened\n", kinds[i].name);
    close(fd);
  }
  if (!opened) puts("other_sockets: none");
  return opened ? 0 : 1;
}
