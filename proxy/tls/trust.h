// Whom the two sides of an inspected connection believe: clients the sandbox's authority, the proxy the
// node's roots.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/tls/server.h"
#include "proxy/tls/upstream.h"

namespace nemoclaw::tls {

class Trust {
 public:
  // `root_files`: PEM files with the roots that origins are verified against, read when the first connection
  // is inspected: a sandbox whose policy never inspects does not pay for them. Files that do not exist are
  // skipped.
  Trust(Server server, std::vector<std::string> root_files)
      : server_(std::move(server)), root_files_(std::move(root_files)) {}

  Server& server() { return server_; }
  Result<const Upstream*> upstream();

 private:
  Server server_;
  std::vector<std::string> root_files_;
  std::optional<Upstream> upstream_;
};

}  // namespace nemoclaw::tls
