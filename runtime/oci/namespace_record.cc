#include "runtime/oci/namespace_record.h"

#include <sys/stat.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::oci {

namespace {

constexpr const char* kFile = "/namespaces.json";

Result<uint64_t> inode_of(pid_t pid, const char* name) {
  const std::string path = format("/proc/%d/ns/%s", pid, name);
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return errno_error("namespace " + quoted(path));
  return uint64_t{status.st_ino};
}

Result<uint64_t> number_of(const json::Value& root, const char* name) {
  const json::Value* member = root.find(name);
  if (!member || member->type != json::Type::Integer || member->negative || member->magnitude == 0)
    return make_error(std::string(name) + ": expected the number of a namespace");
  return member->magnitude;
}

}  // namespace

Result<NamespaceRecord> namespaces_of_process(pid_t pid) {
  return NamespaceRecord{.mount = TRY(inode_of(pid, "mnt")), .user = TRY(inode_of(pid, "user"))};
}

std::string encode_namespace_record(const NamespaceRecord& record) {
  json::Writer writer;
  writer.begin_object().member("mount", record.mount).member("user", record.user).end_object();
  return writer.take() + "\n";
}

Result<NamespaceRecord> decode_namespace_record(std::string_view text) {
  const json::Value root = TRY(json::parse(text, {.bytes_max = 4096}));
  return NamespaceRecord{.mount = TRY(number_of(root, "mount")), .user = TRY(number_of(root, "user"))};
}

Result<void> write_namespace_record(const std::string& directory, const NamespaceRecord& record) {
  return write_file_atomic(directory + kFile, encode_namespace_record(record), 0600);
}

Result<NamespaceRecord> read_namespace_record(const std::string& directory) {
  const Result<std::string> text = read_file(directory + kFile, 4096);
  if (!text && text.error().errno_value == ENOENT) return NamespaceRecord{};
  if (!text) return text.error();
  return TRY_CONTEXT(decode_namespace_record(*text), directory + kFile);
}

}  // namespace nemoclaw::oci
