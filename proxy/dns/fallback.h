// Two resolvers, of which the first knows names that the second does not (Docker's embedded one).
#pragma once

#include <chrono>
#include <memory>

#include "proxy/dns/resolver.h"

namespace nemoclaw::dns {

// Asks `first`. If it fails, or is silent for `grace`, `second` is asked as well, and the first answer with
// an address counts. "There is no such name" of `first` is final.
std::unique_ptr<Resolver> with_fallback(asio::any_io_executor executor, std::unique_ptr<Resolver> first,
                                        std::unique_ptr<Resolver> second, std::chrono::milliseconds grace);

}  // namespace nemoclaw::dns
