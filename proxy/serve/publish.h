// The sandbox's certificate authority: made by the first worker, told to the clients in its containers, and handed on to
// the workers after it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/select/select.h"
#include "proxy/serve/state.h"
#include "proxy/tls/trust.h"
#include "runtime/base/fd.h"

namespace nemoclaw::serve {

// Takes the authority that `known` remembers. Without one, makes it, remembers it, and appends its certificate to
// `files`: descriptors of the files that the runtime has mounted into containers (which is why they are written in place),
// opened by the holder.
Result<std::shared_ptr<tls::Trust>> set_up_trust(const std::string& sandbox_id, const policy::NodeConfig& config,
                                                 const Remembered& known, State& state, const std::vector<Fd>& files);

}  // namespace nemoclaw::serve
