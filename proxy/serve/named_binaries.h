// What the binaries that a policy names contain at create: hashed once, before any code of the image runs,
// and written to binaries.json, so that a proxy that starts again trusts what was there then and not what is
// there by now.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace nemoclaw::serve {

struct NamedBinary {
  std::string named;  // as in the policy
  std::string path;   // with all links resolved inside the image
  std::string sha256;
  bool operator==(const NamedBinary&) const = default;
};

// Those of `names` that exist below `rootfs`. Reads the image: not for a confined process.
Result<std::vector<NamedBinary>> hash_named_binaries(const std::vector<std::string>& names,
                                                     const std::string& rootfs);

std::string encode_named_binaries(const std::vector<NamedBinary>& binaries);
Result<std::vector<NamedBinary>> decode_named_binaries(std::string_view text);

}  // namespace nemoclaw::serve
