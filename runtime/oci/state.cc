#include "runtime/oci/state.h"

#include "runtime/oci/effective_fields.h"
#include "runtime/oci/spec_fields.h"

namespace nemoclaw::oci {

template <>
struct Table<LaterVerbs> {
  static void visit(auto& field, auto& later) {
    field("process", later.has_process);
    field("ownPids", later.own_pids);
    field("classOfService", later.class_of_service);
    field("hooks", later.hooks);
  }
};

template <>
struct Table<StateRecord> {
  static void visit(auto& field, auto& record) {
    field.always("id", record.id);
    field.always("ociVersion", record.oci_version);
    field.always("bundle", record.bundle);
    field.always("rootfs", record.rootfs);
    field.always("initPid", record.init_pid);
    field.always("initStartTime", record.init_start_time);
    field.always("created", record.created);
    field("owner", record.owner);
    field("cgroupPaths", record.cgroup_paths);
    field("pendingCgroups", record.pending_cgroups);
    field("cgroupDriver", record.cgroup_driver);
    field("systemdUnit", record.systemd_unit);
    field("systemdUser", record.systemd_user);
    field("namespacePaths", record.namespace_paths);
    field("annotations", record.annotations);
    field("protections", record.protections);
    field("policyName", record.policy_name);
    field("policyDigest", record.policy_digest);
    field("ceilingName", record.ceiling_name);
    field("ceilingDigest", record.ceiling_digest);
    field("ceilingCuts", record.ceiling_cuts);
    field("sandboxId", record.sandbox_id);
    field("systemdCgroup", record.systemd_cgroup);
    field("rootless", record.rootless);
    field("later", record.later);
  }
};

namespace {

void write_nemoclaw(json::Writer& writer, const StateRecord& record) {
  writer.key("nemoclaw").begin_object();
  writer.member("policy", record.policy_name);
  writer.member("digest", record.policy_digest);
  writer.member("sandbox", record.sandbox_id);
  writer.key("protections");
  detail::write(writer, record.protections);
  if (!record.ceiling_name.empty())
    writer.key("ceiling")
        .begin_object()
        .member("policy", record.ceiling_name)
        .member("digest", record.ceiling_digest)
        .member("cut", record.ceiling_cuts)
        .end_object();
  writer.end_object();
}

}  // namespace

LaterVerbs later_verbs(const Spec& spec) {
  const Namespace* pid = spec.linux_.find_namespace("pid");
  LaterVerbs later;
  later.has_process = spec.process.has_value();
  later.own_pids = pid && pid->path.empty();
  later.class_of_service = spec.linux_.intel_rdt.has_value();
  later.hooks.poststart = spec.hooks.poststart;
  later.hooks.poststop = spec.hooks.poststop;
  return later;
}

const char* status_name(Status status) {
  switch (status) {
    case Status::Creating: return "creating";
    case Status::Created: return "created";
    case Status::Running: return "running";
    case Status::Stopped: return "stopped";
    case Status::Paused: return "paused";
  }
  return "unknown";
}

std::string encode_state_record(const StateRecord& record) { return encode_text(record); }

Result<StateRecord> decode_state_record(std::string_view text) {
  StateRecord record = TRY(decode_text<StateRecord>(text, "state.json"));
  // Managers give several runtimes one root: a file of another runtime must not look like an empty record of ours.
  if (record.id.empty() || record.bundle.empty())
    return make_error("state.json: id and bundle are missing: not a state file of this runtime");
  return record;
}

std::string encode_state(const StateRecord& record, Status status, bool extended) {
  json::Writer writer(extended);  // people read the output of `state`
  writer.begin_object();
  writer.member("ociVersion", record.oci_version);
  writer.member("id", record.id);
  // The specification leaves pid out once the process is gone; runc prints 0, and managers read that.
  writer.member("pid", status == Status::Stopped ? 0 : record.init_pid);
  writer.member("status", status_name(status));
  writer.member("bundle", record.bundle);
  if (extended) {
    writer.member("rootfs", record.rootfs);
    writer.member("created", record.created);
  }
  if (!record.annotations.empty()) {
    writer.key("annotations");
    detail::write(writer, record.annotations);
  }
  if (extended) {
    writer.member("owner", record.owner);
    if (!record.policy_name.empty()) write_nemoclaw(writer, record);
  }
  writer.end_object();
  return writer.take();
}

}  // namespace nemoclaw::oci
