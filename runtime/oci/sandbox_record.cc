#include "runtime/oci/sandbox_record.h"

#include "runtime/base/file.h"
#include "runtime/oci/fields.h"

namespace nemoclaw::oci {

// The names stand in docs/sandbox.md: hook, proxy and nemoclawctl read this file too.
template <>
struct Table<SandboxRecord> {
  static void visit(auto& field, auto& record) {
    field.always("id", record.id);
    field.always("created", record.created);
    field.always("container_ids", record.container_ids);
    field.always("runtime_root", record.runtime_root);
    field.always("bundle", record.bundle);
    field.always("rootfs", record.rootfs);
    field.always("image", record.image);
    field.always("hostname", record.hostname);
    field.always("policy", record.policy);
    field.always("policy_digest", record.policy_digest);
    field.always("policy_file", record.policy_file);
    field("ceiling", record.ceiling);
    field("ceiling_digest", record.ceiling_digest);
    field.always("cgroups", record.cgroups);
    field.always("log_directory", record.log_directory);
    field.always("resolv_conf", record.resolv_conf);
    field.always("hosts", record.hosts);
    field.always("config_file", record.config_file);
    field.always("pod", record.pod);
  }
};

std::string encode_sandbox_record(const SandboxRecord& record) { return encode_text(record); }

Result<SandboxRecord> decode_sandbox_record(std::string_view text) {
  SandboxRecord record = TRY(decode_text<SandboxRecord>(text, "sandbox.json"));
  if (record.id.empty()) return make_error("sandbox.json: id is missing");
  return record;
}

Result<SandboxRecord> read_sandbox_record(const std::string& sandbox_directory) {
  const std::string text = TRY(read_file(sandbox_directory + "/sandbox.json", size_t{1} << 20));
  return decode_sandbox_record(text);
}

}  // namespace nemoclaw::oci
