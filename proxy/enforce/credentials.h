// Puts the node's secrets into a request that was judged, where the policy's credentials say so; a
// placeholder anywhere else refuses the request. Pure but for the secrets, which are asked for only when they
// are needed.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine/credential_binding.h"
#include "proxy/http/mask.h"
#include "proxy/http/request.h"
#include "runtime/base/result.h"

namespace nemoclaw::enforce {

// The node's store. An error names the remedy, and never what a secret contains.
class Secrets {
 public:
  virtual ~Secrets() = default;
  virtual Result<std::string> read(std::string_view name) = 0;
};

// Where a request goes.
struct Destination {
  std::string_view host;
  uint16_t port = 0;
  bool is_tls = false;
};

// The credentials of one destination.
class Credentials {
 public:
  Credentials(const std::vector<policy::CredentialBinding>& bindings, const Destination& destination,
              Secrets* secrets);

  bool empty() const { return bound_.empty(); }
  // The body must be read whole before the request is judged.
  bool wants_body() const;
  // Replaces in `request`, whose path is canonical, and in `body`, if there is one. The names of the secrets
  // that were put in, sorted; an error says why the request may not be sent, and then neither is to be used.
  Result<std::vector<std::string>> fill(http::Request& request, std::string* body) const;
  // What must not come back from this destination; null if nothing is bound to it.
  std::shared_ptr<const http::MaskPatterns> mask() const;

 private:
  struct Place {
    std::string_view header, query;
    bool body = false;
    std::string name() const;
  };
  using Names = std::set<std::string, std::less<>>;
  Result<std::string> value(std::string_view secret, const Place& place, Names& used) const;
  Result<void> fill_fields(http::Request& request, Names& used) const;
  Result<void> fill_target(http::Request& request, Names& used) const;

  std::vector<const policy::Credential*> bound_;
  Destination destination_;
  Secrets* secrets_;
};

// "" or why this request, which nobody fills, may not be sent.
std::string placeholder_problem(const http::Request& request);

}  // namespace nemoclaw::enforce
