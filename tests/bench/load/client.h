// The load: connections through a proxy (or none), requests over them, and how long each took.
#pragma once

#include <cstddef>
#include <string>

namespace nemoclaw::load {

struct ClientOptions {
  std::string to;       // ADDRESS:PORT that is connected to: the proxy, or the origin itself
  std::string connect;  // HOST:PORT asked for with CONNECT; empty: no proxy's handshake
  std::string tls, ca;  // server name, and who must have signed for it; empty: plain
  std::string host = "origin", path = "/";
  size_t connections = 8, requests = 1000;
  bool fresh = false;  // a new connection for each request
  double rate = 0;     // open loop: requests per second, whether or not the ones before are answered
};

// Prints "ready" when the connections stand (with `fresh`, at once), waits for a line on stdin, and prints
// "requests N errors N bytes N us N p50 N p99 N", the last two in microseconds. Without requests it only
// holds the connections until a further line.
int run_client(const ClientOptions& options);

}  // namespace nemoclaw::load
