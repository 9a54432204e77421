// The parts that every way in ends with: the proxy's own answer, or bytes both ways.
#pragma once

#include <string>

#include "proxy/enforce/forward.h"
#include "proxy/net/async.h"

namespace nemoclaw::serve {

// Writes the answer, and closes so that it arrives.
net::Task<void> answer_and_close(net::tcp::socket& client, std::string answer);

// Takes both ends and goes on by itself: it returns at once, so that nothing of what led to the tunnel stays
// in memory. `early`: what the client has sent already.
net::Task<void> run_tunnel(net::tcp::socket& client, enforce::Forwarding& forwarding, std::string early);

// Both ends of an accepted connection; false if it is gone already.
bool endpoints_of(const net::tcp::socket& socket, net::tcp::endpoint& client, net::tcp::endpoint& local);

}  // namespace nemoclaw::serve
