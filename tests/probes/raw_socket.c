// Can this process open a raw IP socket?
#include "probe.h"

#include <netinet/in.h>
#include <sys/socket.h>

int main(void) { return answer("raw_socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
