#include "policy/parse/full_schema_network.h"

#include <algorithm>

#include "policy/model/words.h"
#include "policy/parse/value_builder.h"

namespace nemoclaw::policy {
namespace {

json::Value limits_value(const RateLimits& limits) {
  json::Value value = make_object();
  if (limits.requests_per_minute) put(value, "requests_per_minute", make_number(*limits.requests_per_minute));
  if (limits.bytes_out_per_hour) put(value, "bytes_out_per_hour", make_number(*limits.bytes_out_per_hour));
  if (limits.body_bytes_max) put(value, "body_bytes_max", make_number(*limits.body_bytes_max));
  return value;
}

void put_ports(json::Value& value, const std::vector<uint16_t>& ports) {
  if (ports.size() == 1) {
    put(value, "port", make_number(ports[0]));
    return;
  }
  json::Value list = make_array();
  for (const uint16_t port : ports) list.array.push_back(make_number(port));
  put(value, "ports", std::move(list));
}

json::Value query_value(const std::vector<QueryRule>& query) {
  json::Value value = make_object();
  for (const QueryRule& rule : query) {
    json::Value one = make_object();
    put(one, "any", make_texts(rule.any));
    value.object.emplace_back(rule.key, rule.any.size() == 1 ? make_text(rule.any[0]) : std::move(one));
  }
  return value;
}

}  // namespace

json::Value rule_value(const Rule& rule) {
  json::Value value = make_object();
  put_text(value, "method", rule.method);
  put_text(value, "path", rule.path);
  if (!rule.query.empty()) put(value, "query", query_value(rule.query));
  put_text(value, "operation_type", rule.operation_type);
  put_text(value, "operation_name", rule.operation_name);
  put_texts(value, "fields", rule.fields);
  put_text(value, "tool", rule.tool);
  return value;
}

json::Value endpoint_value(const Endpoint& endpoint) {
  json::Value value = make_object();
  put_text(value, "host", endpoint.host);
  put_ports(value, endpoint.ports);
  put_text(value, "path", endpoint.path);
  put_text(value, "protocol", word(endpoint.protocol));
  if (endpoint.tls == Tls::Passthrough) put_text(value, "tls", "passthrough");
  if (endpoint.enforcement == Enforcement::Audit) put_text(value, "enforcement", "audit");
  put_text(value, "access", word(endpoint.access));
  json::Value rules = make_array(), deny_rules = make_array();
  for (const Rule& rule : endpoint.rules) {
    json::Value wrapped = make_object();
    put(wrapped, "allow", rule_value(rule));
    rules.array.push_back(std::move(wrapped));
  }
  for (const Rule& rule : endpoint.deny_rules) deny_rules.array.push_back(rule_value(rule));
  if (!rules.array.empty()) put(value, "rules", std::move(rules));
  if (!deny_rules.array.empty()) put(value, "deny_rules", std::move(deny_rules));
  put_texts(value, "allowed_ips", endpoint.allowed_ips);
  if (endpoint.allow_encoded_slash) put(value, "allow_encoded_slash", make_boolean(true));
  json::Value limits = limits_value(endpoint.limits);
  if (!limits.object.empty()) put(value, "limits", std::move(limits));
  if (endpoint.mcp_known_methods) {
    json::Value mcp = make_object();
    put(mcp, "allow_all_known_mcp_methods", make_boolean(true));
    put(value, "mcp", std::move(mcp));
  }
  return value;
}

json::Value binary_value(const Binary& binary) {
  json::Value value = make_object();
  put_text(value, binary.script ? "script" : "path", binary.path);
  put_text(value, "via", binary.via);
  put_text(value, "sha256", binary.sha256);
  return value;
}

json::Value network_value(const std::vector<NetworkEntry>& entries) {
  json::Value value = make_object();
  // Only the four-level list knows it; the full schema has no word for the sandbox's own loopback, and needs
  // none.
  const auto is_own_loopback = [](const Endpoint& endpoint) { return endpoint.host == "localhost"; };
  for (const NetworkEntry& entry : entries) {
    if (!entry.endpoints.empty() &&
        std::all_of(entry.endpoints.begin(), entry.endpoints.end(), is_own_loopback))
      continue;
    json::Value one = make_object();
    if (entry.name != entry.key) put(one, "name", make_text(entry.name));
    json::Value endpoints = make_array();
    for (const Endpoint& endpoint : entry.endpoints)
      if (!is_own_loopback(endpoint)) endpoints.array.push_back(endpoint_value(endpoint));
    put(one, "endpoints", std::move(endpoints));
    if (entry.binaries) {
      json::Value binaries = make_array();
      for (const Binary& binary : *entry.binaries) binaries.array.push_back(binary_value(binary));
      put(one, "binaries", std::move(binaries));
    }
    value.object.emplace_back(entry.key, std::move(one));
  }
  return value;
}

}  // namespace nemoclaw::policy
