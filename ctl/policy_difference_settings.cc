// The sections apart from files, process and network.
#include <algorithm>

#include "ctl/policy_difference.h"
#include "policy/model/address.h"
#include "policy/parse/full_schema.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

using policy::InboundRule;
using policy::Policy;

bool covers_range(const std::vector<std::string>& wide, const std::string& narrow) {
  const auto inner = policy::parse_cidr(narrow);
  return wide.empty() || std::any_of(wide.begin(), wide.end(), [&](const std::string& text) {
           const auto outer = policy::parse_cidr(text);
           return outer && inner && outer->prefix <= inner->prefix && outer->contains(inner->network);
         });
}

// One source of one rule, "" for anywhere.
bool admits(const std::vector<InboundRule>& rules, const InboundRule& asked, const std::string& from) {
  return std::any_of(rules.begin(), rules.end(), [&](const InboundRule& rule) {
    const bool sources = from.empty() ? rule.from.empty() : covers_range(rule.from, from);
    return rule.port == asked.port && rule.protocol == asked.protocol && sources;
  });
}

// What only `mine` lets in.
void add_inbound(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  for (const InboundRule& rule : mine.inbound) {
    const std::vector<std::string> anywhere = {""};
    for (const std::string& from : rule.from.empty() ? anywhere : rule.from)
      if (!admits(theirs.inbound, rule, from))
        out.push_back({"inbound", "connections to " + rule.protocol + " port " + std::to_string(rule.port) +
                                      " from " + (from.empty() ? "anywhere" : from)});
  }
}

void add_dns(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  using policy::DnsMode;
  if (mine.dns == theirs.dns || mine.dns == DnsMode::Off) return;
  if (mine.dns == DnsMode::Open) out.push_back({"dns", "looking up names that the policy does not allow"});
  if (theirs.dns == DnsMode::Off) out.push_back({"dns", "looking up names that the policy allows"});
}

void add_landlock(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  if (!mine.landlock.hard_requirement && theirs.landlock.hard_requirement)
    out.push_back({"landlock", "starting where the kernel lacks a protection"});
}

std::vector<std::string> conditions_of(const policy::Integrity& integrity) {
  std::vector<std::string> conditions;
  for (const policy::IntegrityFile& file : integrity.files)
    conditions.push_back(file.path + " is not " + file.sha256);
  for (const policy::IntegrityLinks& links : integrity.symlinks)
    conditions.push_back("a link in " + links.directory + " leads out of " + links.must_point_into);
  for (const policy::Path& path : integrity.read_only_mounts)
    conditions.push_back(path.path + " is no read-only mount");
  return conditions;
}

// A condition of theirs that is none of mine.
void add_integrity(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  const auto own = conditions_of(mine.integrity);
  for (const std::string& condition : conditions_of(theirs.integrity))
    if (std::find(own.begin(), own.end(), condition) == own.end())
      out.push_back({"integrity", "starting when " + condition});
}

std::string text_of(const policy::Credential& credential) {
  std::string place = !credential.header.empty()  ? "header " + credential.header
                      : !credential.query.empty() ? "query key " + credential.query
                                                  : std::string("the body");
  return "sending secret " + credential.secret + " in " + place + " to " + credential.host + ":" +
         std::to_string(credential.port) + (credential.plain_http ? " without TLS" : "");
}

void add_credentials(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  for (const policy::Credential& credential : mine.credentials)
    if (std::none_of(theirs.credentials.begin(), theirs.credentials.end(),
                     [&](const auto& each) { return text_of(each) == text_of(credential); }))
      out.push_back({"credentials", text_of(credential)});
}

void add_settings(const Policy& mine, const Policy& theirs, std::vector<Change>& out) {
  add_inbound(mine, theirs, out);
  add_dns(mine, theirs, out);
  add_landlock(mine, theirs, out);
  add_integrity(mine, theirs, out);
  add_credentials(mine, theirs, out);
}

std::string section_text(const json::Value& root, const char* key) {
  const json::Value* section = root.find(key);
  return section ? json::Writer().value(*section).take() : "";
}

}  // namespace

void compare_settings(const Policy& before, const Policy& after, Difference& difference) {
  if (before.is_preset || after.is_preset) return;
  add_settings(after, before, difference.possible);
  add_settings(before, after, difference.stops);
  const json::Value old = policy::full_schema(before), now = policy::full_schema(after);
  for (const char* key : {"approval", "audit", "proxy_environment"})
    add_changed("setting", key, section_text(old, key), section_text(now, key), difference);
}

}  // namespace nemoclaw::ctl
