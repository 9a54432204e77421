#include "runtime/oci/effective_spec.h"

#include "runtime/oci/effective_fields.h"
#include "runtime/oci/spec_fields.h"

namespace nemoclaw::oci {

template <>
struct EnumNames<PathAccess> {
  static constexpr const char* names[] = {"read", "read_write", "read_execute", "read_write_execute",
                                          "device_read_write"};
};

template <>
struct Table<LandlockRule> {
  static void visit(auto& field, auto& rule) {
    field.always("path", rule.path);
    field.always("access", rule.access);
    field("required", rule.required);
    field("implied", rule.implied);
  }
};

template <>
struct Table<Landlock> {
  static void visit(auto& field, auto& landlock) {
    field("enabled", landlock.enabled);
    field("hardRequirement", landlock.hard_requirement);
    field("restrictExecute", landlock.restrict_execute);
    field("restrictNetwork", landlock.restrict_network);
    field("connectTcp", landlock.connect_tcp);
    field("bindTcp", landlock.bind_tcp);
    field("scopeSignals", landlock.scope_signals);
    field("scopeAbstractSockets", landlock.scope_abstract_sockets);
    field("rules", landlock.rules);
  }
};

template <>
struct Table<SuppliedFile> {
  static void visit(auto& field, auto& file) {
    field.always("destination", file.destination);
    field.always("mode", file.mode);
    field.bytes("content", file.content);
  }
};

template <>
struct Table<IntegrityFile> {
  static void visit(auto& field, auto& file) {
    field.always("path", file.path);
    field.always("sha256", file.sha256);
  }
};

template <>
struct Table<IntegrityLinks> {
  static void visit(auto& field, auto& links) {
    field.always("directory", links.directory);
    field.always("mustPointInto", links.must_point_into);
  }
};

template <>
struct Table<EffectiveSpec> {
  static void visit(auto& field, auto& effective) {
    field("policyName", effective.policy_name);
    field("policyDigest", effective.policy_digest);
    field("ceilingName", effective.ceiling_name);
    field("ceilingDigest", effective.ceiling_digest);
    field("ceilingCuts", effective.ceiling_cuts);
    field("sandboxId", effective.sandbox_id);
    field("protections", effective.protections);
    field("landlock", effective.landlock);
    field("extraSeccomp", effective.extra_seccomp);
    field("suppliedFiles", effective.supplied_files);
    field("suppliedDirectories", effective.supplied_directories);
    field("integrityFiles", effective.integrity_files);
    field("integrityLinks", effective.integrity_links);
    field.always("spec", effective.spec);
  }
};

std::string encode_effective_spec(const EffectiveSpec& effective) { return encode_text(effective); }

Result<EffectiveSpec> decode_effective_spec(std::string_view text) {
  return decode_text<EffectiveSpec>(text, "effective.json");
}

}  // namespace nemoclaw::oci
