#include "proxy/serve/named_binaries.h"

#include <fcntl.h>

#include <cerrno>

#include "proxy/peer/executable.h"
#include "proxy/peer/trust.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"

namespace nemoclaw::serve {

Result<std::vector<NamedBinary>> hash_named_binaries(const std::vector<std::string>& names,
                                                     const std::string& rootfs) {
  std::vector<NamedBinary> binaries;
  const Fd root = TRY(open_file(rootfs, O_PATH | O_DIRECTORY));
  for (const std::string& name : names) {
    Result<peer::ImageFile> image = peer::open_in_image(root, name);
    if (!image) {
      const int cause = image.error().errno_value;
      if (cause == ENOENT || cause == ENOTDIR) continue;  // trusted at its first use, if it ever comes
      return std::move(image).error().with_context("binary " + quoted(name) + " of the policy");
    }
    std::string digest = TRY_CONTEXT(peer::hash_file(image->file), "hash " + quoted(name));
    binaries.push_back({name, std::move(image->path), std::move(digest)});
  }
  return binaries;
}

std::string encode_named_binaries(const std::vector<NamedBinary>& binaries) {
  json::Writer writer;
  writer.begin_object().key("binaries").begin_array();
  for (const NamedBinary& each : binaries)
    writer.begin_object()
        .member("named", each.named)
        .member("path", each.path)
        .member("sha256", each.sha256)
        .end_object();
  writer.end_array().end_object();
  return writer.take() + "\n";
}

Result<std::vector<NamedBinary>> decode_named_binaries(std::string_view text) {
  const json::Value root = TRY(json::parse(text));
  const json::Value* list = root.find("binaries");
  if (!list || list->type != json::Type::Array) return make_error("binaries: expected a list");
  std::vector<NamedBinary> binaries;
  for (const json::Value& each : list->array) {
    NamedBinary binary;
    for (const auto& [key, target] :
         {std::pair{"named", &binary.named}, {"path", &binary.path}, {"sha256", &binary.sha256}}) {
      const json::Value* member = each.find(key);
      if (!member || !member->is_string()) return make_error(std::string(key) + ": expected a string");
      *target = member->string;
    }
    binaries.push_back(std::move(binary));
  }
  return binaries;
}

}  // namespace nemoclaw::serve
