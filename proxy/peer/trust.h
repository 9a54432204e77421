// Which content is trusted under which path: pinned when the sandbox was created for binaries that the policy
// names, and at first use for all others. A path whose content changes afterwards loses its trust. No I/O but
// for open_in_image().
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"

namespace nemoclaw::peer {

class TrustStore {
 public:
  enum class Origin { Create, FirstUse };
  using Remember = std::function<Result<void>(const std::string& path, const std::string& digest)>;
  void pin(const std::string& path, std::string digest, Origin origin);
  // Asked before a path is trusted at its first use; what cannot be remembered is not trusted.
  void on_first_use(Remember remember) { remember_ = std::move(remember); }
  // An error that names both digests if the path was trusted with another content; otherwise it is trusted
  // from now on.
  Result<void> check(const std::string& path, const std::string& digest);
  size_t size() const { return trusted_.size(); }

 private:
  static constexpr size_t kPathsMax = 4096;
  struct Trusted {
    std::string digest;
    Origin origin;
  };
  std::map<std::string, Trusted> trusted_;
  Remember remember_;
};

struct ImageFile {
  Fd file;
  std::string path;  // with all symbolic links resolved inside the root
};
// `path` inside `root`; ENOENT if the image does not have it.
Result<ImageFile> open_in_image(FdRef root, std::string_view path);

}  // namespace nemoclaw::peer
