#include "policy/parse/full_schema.h"

#include <algorithm>

#include "policy/model/credential.h"
#include "policy/model/words.h"
#include "policy/parse/diagnostics.h"
#include "policy/parse/full_schema_network.h"
#include "policy/parse/tree.h"
#include "policy/parse/value_builder.h"

namespace nemoclaw::policy {
namespace {

std::vector<std::string> texts_of(const std::vector<Path>& paths) {
  std::vector<std::string> texts;
  for (const Path& path : paths) texts.push_back(path.path);
  return texts;
}

json::Value filesystem_value(const FilesystemPolicy& filesystem) {
  json::Value value = make_object();
  put(value, "include_workdir", make_boolean(filesystem.include_workdir));
  put_texts(value, "read_only", texts_of(filesystem.read_only));
  put_texts(value, "read_write", texts_of(filesystem.read_write));
  put_texts(value, "no_access", texts_of(filesystem.no_access));
  // Present and empty is not the same as absent.
  if (filesystem.execute) put(value, "execute", make_texts(texts_of(*filesystem.execute)));
  return value;
}

std::vector<std::string> capability_texts(const ProcessPolicy& process) {
  std::vector<std::string> texts;
  for (const std::string& name : process.capabilities) {
    const auto& ambient = process.ambient_capabilities;
    const bool is_ambient = std::find(ambient.begin(), ambient.end(), name) != ambient.end();
    texts.push_back(is_ambient ? "ambient:" + name : name);
  }
  return texts;
}

json::Value syscalls_value(const ProcessPolicy& process) {
  const char* base = word(process.syscalls);
  if (process.syscalls_allow.empty() && process.syscalls_deny.empty()) return make_text(base);
  json::Value value = make_object();
  put(value, "base", make_text(base));
  put_texts(value, "allow", process.syscalls_allow);
  put_texts(value, "deny", process.syscalls_deny);
  return value;
}

json::Value process_value(const ProcessPolicy& process) {
  const ProcessPolicy defaults;
  json::Value value = make_object();
  put_text(value, "run_as_user", process.run_as_user);
  put_text(value, "run_as_group", process.run_as_group);
  if (process.start_as_root) put(value, "start_as_root", make_boolean(true));
  put_texts(value, "capabilities", capability_texts(process));
  if (process.max_processes != defaults.max_processes)
    put(value, "max_processes", make_number(process.max_processes));
  if (process.max_open_files) put(value, "max_open_files", make_number(*process.max_open_files));
  if (process.max_core_bytes != 0) put(value, "max_core_bytes", make_number(process.max_core_bytes));
  put_text(value, "path", process.path);
  put_texts(value, "keep_environment", process.keep_environment);
  if (!process.no_new_privileges) put(value, "no_new_privileges", make_boolean(false));
  json::Value syscalls = syscalls_value(process);
  if (syscalls.string != word(SyscallBase::Agent)) put(value, "syscalls", std::move(syscalls));
  return value;
}

json::Value inbound_value(const std::vector<InboundRule>& rules) {
  json::Value list = make_array();
  for (const InboundRule& rule : rules) {
    json::Value value = make_object();
    put(value, "port", make_number(rule.port));
    if (rule.protocol != "tcp") put_text(value, "protocol", rule.protocol);
    put_texts(value, "from", rule.from);
    list.array.push_back(std::move(value));
  }
  return list;
}

json::Value credentials_value(const std::vector<Credential>& credentials) {
  json::Value list = make_array();
  for (const Credential& credential : credentials) {
    json::Value value = make_object();
    put_text(value, "secret", credential.secret);
    put_text(value, "host", credential.host);
    if (credential.port != Credential().port) put(value, "port", make_number(credential.port));
    put_text(value, "header", credential.header);
    put_text(value, "query", credential.query);
    if (credential.body) put(value, "body", make_boolean(true));
    if (credential.plain_http) put(value, "plain_http", make_boolean(true));
    if (credential.variable != default_variable(credential.secret))
      put_text(value, "variable", credential.variable);
    list.array.push_back(std::move(value));
  }
  return list;
}

json::Value approval_value(const Policy& policy) {
  const Policy defaults;
  json::Value value = make_object();
  if (policy.approval != defaults.approval) put(value, "mode", make_text(word(policy.approval)));
  if (policy.approval_hold_ms != defaults.approval_hold_ms)
    put(value, "hold_ms", make_number(policy.approval_hold_ms));
  if (policy.approval_lifetime != defaults.approval_lifetime)
    put_text(value, "default_lifetime", policy.approval_lifetime);
  return value;
}

json::Value integrity_value(const Integrity& integrity) {
  json::Value value = make_object();
  json::Value files = make_array(), links = make_array();
  for (const IntegrityFile& file : integrity.files) {
    json::Value one = make_object();
    put_text(one, "path", file.path);
    put_text(one, "sha256", file.sha256);
    files.array.push_back(std::move(one));
  }
  for (const IntegrityLinks& link : integrity.symlinks) {
    json::Value one = make_object();
    put_text(one, "directory", link.directory);
    put_text(one, "must_point_into", link.must_point_into);
    links.array.push_back(std::move(one));
  }
  if (!files.array.empty()) put(value, "files", std::move(files));
  if (!links.array.empty()) put(value, "symlinks", std::move(links));
  put_texts(value, "read_only_mounts", texts_of(integrity.read_only_mounts));
  return value;
}

void put_section(json::Value& root, const char* key, json::Value section) {
  if (!section.object.empty() || !section.array.empty()) put(root, key, std::move(section));
}

json::Value one_member(const char* key, json::Value member) {
  json::Value value = make_object();
  put(value, key, std::move(member));
  return value;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 20 && (text == "0" || text[0] != '0') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A section as it was written. The reader has accepted it, so plain words are booleans, decimals or texts.
json::Value value_of(const Node& node) {
  json::Value value;
  switch (node.kind) {
    case NodeKind::Scalar:
      if (node.plain && (node.text == "true" || node.text == "false"))
        return make_boolean(node.text == "true");
      if (node.plain && is_number(node.text)) return make_number(std::stoull(node.text));
      return make_text(node.text);
    case NodeKind::List:
      value = make_array();
      for (const Node& item : node.items) value.array.push_back(value_of(item));
      return value;
    case NodeKind::Map:
      value = make_object();
      for (const Node::Member& member : node.members)
        value.object.emplace_back(member.key, value_of(member.value));
      return value;
  }
  return value;
}

}  // namespace

json::Value full_schema(const Policy& policy) {
  json::Value root = make_object();
  put(root, "version", make_number(1));
  if (policy.filesystem.present) put(root, "filesystem_policy", filesystem_value(policy.filesystem));
  if (policy.landlock.hard_requirement)
    put(root, "landlock", one_member("compatibility", make_text("hard_requirement")));
  put_section(root, "process", process_value(policy.process));
  put(root, "network_policies", network_value(policy.network));
  put_section(root, "credentials", credentials_value(policy.credentials));
  put_section(root, "inbound", inbound_value(policy.inbound));
  if (policy.dns != DnsMode::Policy) put(root, "dns", one_member("mode", make_text(word(policy.dns))));
  put_section(root, "approval", approval_value(policy));
  put_section(root, "integrity", integrity_value(policy.integrity));
  if (!policy.audit_queries_redact) put(root, "audit", one_member("queries", make_text("keep")));
  if (!policy.proxy_environment) put(root, "proxy_environment", make_boolean(false));
  return root;
}

json::Value convert_policy(const Policy& policy, std::string_view text) {
  json::Value root = full_schema(policy);
  Diagnostics diagnostics(text);
  const auto tree = parse_tree(text, diagnostics);
  for (const char* section : {"inference", "privacy"})
    if (const Node* node = tree ? tree->find(section) : nullptr) put(root, section, value_of(*node));
  return root;
}

}  // namespace nemoclaw::policy
