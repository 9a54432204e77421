// Can this process open a packet socket?
#include "probe.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

int main(void) { return answer("packet_socket", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))); }
