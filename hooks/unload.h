// The end of a fence in a network namespace that outlives its container, because a manager made it (CNI, ip
// netns).
#pragma once

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/oci/proxy_record.h"

namespace nemoclaw::hooks {

// A process in the namespace with this identity, 0 if there is none.
pid_t process_in_namespace(const std::string& identity);

// Takes the fence down when nobody is left behind it; stays and says so in the log while anything still runs
// there. Does nothing for namespaces that go with their last process. After the proxy has ended.
Result<void> unload_fence(const std::string& sandbox_directory, const oci::ProxyRecord& proxy, FdRef log);

}  // namespace nemoclaw::hooks
