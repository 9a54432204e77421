// A BIO that reads some bytes given beforehand and then the socket, and writes to the socket. Needed because
// a client may send its ClientHello together with its CONNECT.
#pragma once

#include <string>

#include "proxy/tls/openssl.h"

namespace nemoclaw::tls {

// Does not own the descriptor, which must be non-blocking. Null when there is no memory.
BioPtr make_early_bio(int socket, std::string early);

}  // namespace nemoclaw::tls
