// A page of metrics for the node, by HTTP. One request at a time and one connection each: its client is a scraper.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::ctl {

// "127.0.0.1:9464" or "[::1]:9464": addresses only, so that nothing is resolved.
struct ListenAddress {
  std::string address;
  uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);

Result<Fd> listen_for_scrapers(const ListenAddress& where);

// Pure: the whole answer to a request's head.
std::string answer_scraper(std::string_view head, const std::function<std::string()>& page);

// From here on the process can only ask proxies and answer: no capability, no new privileges.
Result<void> give_up_privileges();

// Until a signal ends it.
Result<void> serve_scrapers(const Fd& listener, const std::function<std::string()>& page);

}  // namespace nemoclaw::ctl
