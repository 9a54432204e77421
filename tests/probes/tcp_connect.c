// Does a TCP connection to ADDRESS PORT stand, and does it carry a byte? With a third argument it says nothing first. A
// fence may accept and close: that is `closed`.
#include "probe.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval limit = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr*)&to, sizeof to) < 0) return answer("tcp_connect", -1);
  static const char request[] = "GET / HTTP/1.0\r\n\r\n";
  if (argc < 4 && send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) return answer("tcp_connect", -1);
  char buffer[4096];
  long got = recv(fd, buffer, sizeof buffer - 1, 0);
  if (got < 0) return answer("tcp_connect", -1);
  if (got == 0) {
    puts("tcp_connect: closed");
    return 1;
  }
  // A server may write its head and its body apart.
  for (long more = 1; more > 0 && got < (long)sizeof buffer - 1; got += more > 0 ? more : 0)
    more = recv(fd, buffer + got, sizeof buffer - 1 - got, 0);
  buffer[got] = 0;
  printf("tcp_connect: ok\n%s", buffer);
  return 0;
}
