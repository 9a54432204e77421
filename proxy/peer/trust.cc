#include "proxy/peer/trust.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/path.h"

namespace nemoclaw::peer {

void TrustStore::pin(const std::string& path, std::string digest, Origin origin) {
  trusted_.insert_or_assign(path, Trusted{std::move(digest), origin});
}

Result<void> TrustStore::check(const std::string& path, const std::string& digest) {
  const auto entry = trusted_.find(path);
  if (entry == trusted_.end()) {
    if (trusted_.size() >= kPathsMax)
      return make_error("too many different executables were used in this sandbox");
    if (remember_) TRY(remember_(path, digest));
    pin(path, digest, Origin::FirstUse);
    return {};
  }
  if (entry->second.digest == digest) return {};
  return make_error(
      "the content of " + quoted(path) + " changed since it was trusted " +
      (entry->second.origin == Origin::Create ? "when the sandbox was created" : "at its first use") +
      " (sha256 " + entry->second.digest + ", now " + digest + ")");
}

Result<ImageFile> open_in_image(FdRef root, std::string_view path) {
  ImageFile image;
  image.file = TRY(open_regular_in_root(root, path));
  const std::string root_path = TRY(real_path_of(root)), file_path = TRY(real_path_of(image.file));
  if (root_path == "/") {
    image.path = file_path;
  } else if (path_is_below(file_path, root_path)) {
    image.path = file_path.substr(root_path.size());
  } else {
    return make_error(quoted(path) + " is not below the root file system");
  }
  return image;
}

}  // namespace nemoclaw::peer
