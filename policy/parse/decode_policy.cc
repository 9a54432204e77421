// The accepted forms, and the root of each.
#include "policy/parse/decode.h"
#include "policy/parse/validate.h"

namespace nemoclaw::policy {
namespace {

void decode_version(Diagnostics& diagnostics, const Node& node, Policy&) {
  const auto version = read_integer(diagnostics, node, "version", 0, UINT64_MAX);
  if (version && *version != 1)
    diagnostics.error("P0110", node.at, "version " + std::to_string(*version) + " is not known",
                      "this program reads version 1");
}

const Keys<Policy>& policy_keys() {
  static const Keys<Policy> keys = {
      required(other<Policy>("version", integer_shape(1, 1), decode_version, "Always 1.")),
      filesystem_section(),
      landlock_section(),
      process_section(),
      network_section(),
      credentials_section(),
      inbound_section(),
      dns_section(),
      approval_section(),
      integrity_section(),
      audit_section(),
      inference_section(),
      privacy_section(),
      boolean("proxy_environment", &Policy::proxy_environment, "Whether HTTP_PROXY and its like are set."),
  };
  return keys;
}

struct PresetHead {
  std::string name, description;
};

const Keys<PresetHead>& head_keys() {
  static const Keys<PresetHead> keys = {
      required(text("name", &PresetHead::name, "The preset's name.")),
      text("description", &PresetHead::description, "One sentence for lists."),
  };
  return keys;
}

void decode_preset_head(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  PresetHead head;
  decode_map(diagnostics, node, "preset", head_keys(), head);
  policy.is_preset = true;
  if (!head.name.empty()) policy.name = std::move(head.name);
  policy.description = std::move(head.description);
}

const Keys<Policy>& preset_keys() {
  static const Keys<Policy> keys = {
      required(other<Policy>("preset", object_shape(head_keys), decode_preset_head, "Name and description.")),
      required(network_section()),
  };
  return keys;
}

const Keys<Policy>& four_level_keys() {
  static const Keys<Policy> keys = {required(four_level_section())};
  return keys;
}

const Keys<Policy>& egress_list_keys() {
  static const Keys<Policy> keys = {required(egress_section())};
  return keys;
}

enum class FormKind : uint8_t { Unknown, Full, Preset, FourLevelList, EgressList };

struct FormMark {
  const char* key;
  FormKind form;
};
constexpr FormMark kMarks[] = {{"version", FormKind::Full},
                               {"preset", FormKind::Preset},
                               {"policies", FormKind::FourLevelList},
                               {"egress", FormKind::EgressList}};

// By the marks of policy.md's table; several marks in one file are an error, because two readings would be
// possible.
FormKind recognise(Diagnostics& diagnostics, const Node& root) {
  if (root.kind == NodeKind::List) return FormKind::FourLevelList;
  const Node::Member* first = nullptr;
  FormKind form = FormKind::Unknown;
  for (const Node::Member& member : root.members) {
    for (const FormMark& mark : kMarks) {
      if (member.key != mark.key) continue;
      if (first) {
        diagnostics.error(
            "P0107", member.at,
            "'" + member.key + "' and '" + first->key + "' stand in one file, but belong to different forms",
            "one file holds one form; see docs/policy-errors.md");
        return FormKind::Unknown;
      }
      first = &member;
      form = mark.form;
    }
  }
  if (form == FormKind::Unknown) {
    // Most likely the full form with a mistake: its reader says what is missing and what is unknown.
    return FormKind::Full;
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
    case FormKind::Unknown:
      return;
    case FormKind::Full:
      decode_map(diagnostics, root, "the policy", policy_keys(), policy);
      break;
    case FormKind::Preset:
      decode_map(diagnostics, root, "the preset", preset_keys(), policy);
      break;
    case FormKind::FourLevelList:
      if (root.kind == NodeKind::List)
        four_level_section().decode(diagnostics, root, policy);
      else
        decode_map(diagnostics, root, "the list of policies", four_level_keys(), policy);
      break;
    case FormKind::EgressList:
      decode_map(diagnostics, root, "the egress list", egress_list_keys(), policy);
      break;
  }
  check_no_conflict(diagnostics, policy);
  check_credentials(diagnostics, policy);
}

std::vector<Form> accepted_forms() {
  return {{"A NemoClaw policy.", object_shape(policy_keys)},
          {"A preset: network entries that are merged into a sandbox's policy.", object_shape(preset_keys)},
          {"A four-level list.", object_shape(four_level_keys)},
          {"A four-level list without a key above it.", four_level_section().info.shape},
          {"An egress list.", object_shape(egress_list_keys)}};
}

}  // namespace nemoclaw::policy
