// The accepted forms, and the root of each.
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

Key<Policy> section(const char* name, void (*decode)(Diagnostics&, const Node&, Policy&),
                    const char* summary) {
  return other<Policy>(name, Shape::Object, name, decode, summary);
}

void decode_version(Diagnostics& diagnostics, const Node& node, Policy&) {
  const auto version = read_integer(diagnostics, node, "version", 0, UINT64_MAX);
  if (version && *version != 1)
    diagnostics.error("P0110", node.at, "version " + std::to_string(*version) + " is not known",
                      "this program reads version 1");
}

const Keys<Policy>& policy_keys() {
  static const Keys<Policy> keys = {
      required(other<Policy>("version", Shape::Integer, "", decode_version, "Always 1.")),
      section("filesystem_policy", decode_filesystem, "Which files may be read, written and executed."),
      section("landlock", decode_landlock, "How strictly the kernel must support it."),
      section("process", decode_process, "User, capabilities, limits and system calls."),
      section("network_policies", decode_network, "Where connections may go, by name of the entry."),
      other<Policy>("inbound", Shape::ObjectList, "inbound", decode_inbound,
                    "Who may connect to the sandbox."),
      section("dns", decode_dns, "Which names are answered."),
      section("approval", decode_approval, "What happens with unlisted destinations."),
      section("integrity", decode_integrity, "What must be true of files before the process starts."),
      section("audit", decode_audit, "What is recorded."),
      section("inference", check_inference, "Model providers."),
      section("privacy", check_privacy, "What may leave in prompts."),
      boolean("proxy_environment", &Policy::proxy_environment, "Whether HTTP_PROXY and its like are set."),
  };
  return keys;
}

struct PresetHead {
  std::string name, description;
};

void decode_preset_head(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  static const Keys<PresetHead> keys = {
      required(text("name", &PresetHead::name, "The preset's name.")),
      text("description", &PresetHead::description, "One sentence for lists."),
  };
  PresetHead head;
  decode_map(diagnostics, node, "preset", keys, head);
  policy.is_preset = true;
  if (!head.name.empty()) policy.name = std::move(head.name);
  policy.description = std::move(head.description);
}

const Keys<Policy>& preset_keys() {
  static const Keys<Policy> keys = {
      section("preset", decode_preset_head, "Name and description."),
      required(section("network_policies", decode_network,
                       "The entries that are merged into a sandbox's policy.")),
  };
  return keys;
}

const Keys<Policy>& four_level_keys() {
  static const Keys<Policy> keys = {
      other<Policy>("policies", Shape::ObjectList, "four_level_item", decode_four_level,
                    "Items of binary, destination, method and path."),
  };
  return keys;
}

const Keys<Policy>& egress_list_keys() {
  static const Keys<Policy> keys = {
      section("egress", decode_egress, "Where any process of the sandbox may connect."),
  };
  return keys;
}

enum class Form : uint8_t { Unknown, Full, Preset, FourLevelList, EgressList };

struct FormMark {
  const char* key;
  Form form;
};
constexpr FormMark kMarks[] = {{"version", Form::Full},
                               {"preset", Form::Preset},
                               {"policies", Form::FourLevelList},
                               {"egress", Form::EgressList}};

// By the marks of policy.md's table; several marks in one file are an error, because two readings would be
// possible.
Form recognise(Diagnostics& diagnostics, const Node& root) {
  if (root.kind == NodeKind::List) return Form::FourLevelList;
  const Node::Member* first = nullptr;
  Form form = Form::Unknown;
  for (const Node::Member& member : root.members) {
    for (const FormMark& mark : kMarks) {
      if (member.key != mark.key) continue;
      if (first) {
        diagnostics.error(
            "P0107", member.at,
            "'" + member.key + "' and '" + first->key + "' stand in one file, but belong to different forms",
            "one file holds one form; see docs/policy-errors.md");
        return Form::Unknown;
      }
      first = &member;
      form = mark.form;
    }
  }
  if (form == Form::Unknown) {
    // Most likely the full form with a mistake: its reader says what is missing and what is unknown.
    return Form::Full;
  }
  return form;
}

}  // namespace

void decode_policy(Diagnostics& diagnostics, const Node& root, Policy& policy) {
  if (root.kind == NodeKind::Scalar) {
    diagnostics.error("P0102", root.at, "a policy is a map, not " + describe(root),
                      "it starts with 'version: 1'");
    return;
  }
  switch (recognise(diagnostics, root)) {
    case Form::Unknown:
      return;
    case Form::Full:
      decode_map(diagnostics, root, "the policy", policy_keys(), policy);
      break;
    case Form::Preset:
      decode_map(diagnostics, root, "the preset", preset_keys(), policy);
      break;
    case Form::FourLevelList:
      if (root.kind == NodeKind::List)
        decode_four_level(diagnostics, root, policy);
      else
        decode_map(diagnostics, root, "the list of policies", four_level_keys(), policy);
      break;
    case Form::EgressList:
      decode_map(diagnostics, root, "the egress list", egress_list_keys(), policy);
      break;
  }
  check_no_conflict(diagnostics, policy);
}

}  // namespace nemoclaw::policy
