#include "runtime/cli/trust_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace nemoclaw::cli {

namespace {

constexpr size_t kRootsBytesMax = size_t{8} << 20;
constexpr mode_t kReadable = 0644;

Result<std::string> read_image_roots(FdRef root, const std::string& path) {
  const Fd fd = TRY(open_regular_in_root(root, path));
  return read_all(fd, kRootsBytesMax);
}

// The authority of a sandbox whose proxy runs; "" before that.
std::string running_authority(const std::string& trust) {
  return read_file(trust + "/ca.pem", kRootsBytesMax).value_or(std::string());
}

}  // namespace

Result<void> write_trust_files(const std::string& sandbox_directory, const std::string& container_id,
                               const oci::Spec& spec, const std::string& rootfs) {
  const std::string trust = sandbox_directory + "/trust", own = trust + "/" + container_id;
  bool has_directory = false;
  for (const oci::Mount& mount : spec.mounts) has_directory = has_directory || mount.source == own;
  if (!has_directory) return {};
  TRY(make_directories(own, 0755));
  const std::string authority = running_authority(trust);
  const Fd root = TRY(open_file(rootfs, O_PATH | O_DIRECTORY));
  std::string bundle;
  for (const oci::Mount& mount : spec.mounts) {
    if (!mount.source.starts_with(own + "/")) continue;
    const std::string roots = TRY_CONTEXT(read_image_roots(root, mount.destination),
                                          "the image's trusted roots " + quoted(mount.destination));
    TRY(write_file_atomic(mount.source, roots + "\n" + authority, kReadable));
    if (bundle.empty()) bundle = roots;
  }
  TRY(write_file_atomic(own + "/ca-bundle.pem", bundle + "\n" + authority, kReadable));
  TRY(write_file_atomic(own + "/ca.pem", authority, kReadable));
  const std::string store = authority.empty() ? "" : TRY(read_file(trust + "/truststore.p12", kRootsBytesMax));
  return write_file_atomic(own + "/truststore.p12", store, kReadable);
}

}  // namespace nemoclaw::cli
