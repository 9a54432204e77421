// inference and privacy: the shape of what is written is checked, so that a typing error is found today; the
// values are not in the model yet.
#include "policy/parse/decode.h"

namespace nemoclaw::policy {
namespace {

// Nothing is kept.
struct Ignored {};
using Rows = Keys<Ignored>;

Key<Ignored> any_text(const char* name, const char* summary) {
  return other<Ignored>(
      name, Shape::Text, [=](Diagnostics& d, const Node& node, Ignored&) { read_text(d, node, name); },
      summary);
}

Key<Ignored> any_boolean(const char* name, const char* summary) {
  return other<Ignored>(
      name, Shape::Boolean, [=](Diagnostics& d, const Node& node, Ignored&) { read_boolean(d, node, name); },
      summary);
}

Key<Ignored> any_integer(const char* name, const char* summary) {
  return other<Ignored>(
      name, integer_shape(0, UINT64_MAX),
      [=](Diagnostics& d, const Node& node, Ignored&) { read_integer(d, node, name, 0, UINT64_MAX); },
      summary);
}

Key<Ignored> any_list(const char* name, const char* summary) {
  return other<Ignored>(
      name, list_shape(Shape::Text),
      [=](Diagnostics& d, const Node& node, Ignored&) { read_text_list(d, node, name); }, summary);
}

Key<Ignored> one_of(const char* name, std::vector<std::string_view> choices, const char* summary) {
  return choice<Ignored>(
      name, std::move(choices), [](Ignored&, size_t) {}, summary);
}

Shape shape_of(Rows rows) {
  return object_shape(Members([rows = std::move(rows)] {
    std::vector<KeyInfo> members;
    for (const auto& row : rows) members.push_back(row.info);
    return members;
  }));
}

Key<Ignored> map_of(const char* name, Rows rows, const char* summary) {
  return other<Ignored>(
      name, shape_of(rows),
      [=](Diagnostics& d, const Node& node, Ignored& out) { decode_map(d, node, name, rows, out); }, summary);
}

Key<Ignored> list_of(const char* name, Rows rows, const char* summary) {
  return other<Ignored>(
      name, list_shape(shape_of(rows)),
      [=](Diagnostics& d, const Node& node, Ignored&) {
        for_each_item(d, node, name, [&](const Node& item) {
          Ignored one;
          decode_map(d, item, std::string("an item of ") + name, rows, one);
        });
      },
      summary);
}

const std::vector<std::string_view> kTrusts = {"cloud", "private", "local"};

void check_models(Diagnostics& diagnostics, const Node& node, Ignored&) {
  if (!expect_kind(diagnostics, node, NodeKind::Map, "models")) return;
  for (const Node::Member& member : node.members) read_text(diagnostics, member.value, "models");
}

void check_trusts(Diagnostics& diagnostics, const Node& node, std::string_view key) {
  for_each_item(diagnostics, node, key,
                [&](const Node& item) { read_choice(diagnostics, item, key, kTrusts); });
}

Shape trusts_shape() { return list_shape(choice_shape(kTrusts)); }

const Rows& class_keys() {
  static const Rows rows = {
      one_of("redact_to", kTrusts, "Where redacted text may go."),
      other<Ignored>(
          "else", trusts_shape(),
          [](Diagnostics& d, const Node& list, Ignored&) { check_trusts(d, list, "else"); },
          "Where it goes unredacted."),
  };
  return rows;
}

// "[cloud, local]" or "{redact_to: cloud, else: [local]}".
void check_classes(Diagnostics& diagnostics, const Node& node, Ignored& out) {
  if (!expect_kind(diagnostics, node, NodeKind::Map, "classes")) return;
  for (const Node::Member& member : node.members) {
    const std::string where = "class " + quoted(member.key, 64);
    if (member.value.kind == NodeKind::Map)
      decode_map(diagnostics, member.value, where, class_keys(), out);
    else
      check_trusts(diagnostics, member.value, where);
  }
}

const Rows& inference_keys() {
  static const Rows limits = {any_integer("requests_per_minute", "429 beyond it."),
                              any_integer("tokens_per_day", "429 beyond it."),
                              any_integer("cost_per_day_usd", "429 beyond it.")};
  static const Rows route = {
      required(any_text("name", "The route's name.")),
      required(
          one_of("provider",
                 {"nvidia", "openai", "anthropic", "gemini", "ollama", "vllm", "nim", "openai-compatible"},
                 "Its dialect.")),
      any_text("base_url", "Where it listens; default per provider."),
      any_text("secret", "Name of the credential in the node's store."),
      other<Ignored>("models", map_shape(Shape::Text), check_models, "Alias -> model."),
      one_of("trust", kTrusts, "How far it is trusted."),
      one_of("reach", {"network", "host"}, "host: the proxy dials the node's loopback."),
      any_boolean("experimental", "Needed for providers that are."),
      map_of("limits", limits, "Budgets."),
  };
  static const Rows keys = {list_of("routes", route, "Providers."), any_list("order", "Fail-over order.")};
  return keys;
}

const Rows& privacy_keys() {
  static const Rows custom = {required(any_text("name", "The detector's name.")),
                              required(any_text("regex", "What it looks for.")),
                              required(any_text("class", "Its class.")), any_list("context", "Words nearby."),
                              any_text("validate", "Checksum.")};
  static const Rows detectors = {any_list("disable", "Detectors that are off."),
                                 list_of("custom", custom, "The operator's own.")};
  static const Rows dictionary = {required(any_text("name", "The dictionary's name.")),
                                  required(any_text("class", "Its class.")),
                                  required(any_text("file", "One word per line."))};
  static const Rows ner = {required(any_text("endpoint", "URL of the analyser.")),
                           any_integer("timeout_ms", "How long it may take."),
                           one_of("on_failure", {"closed", "open"}, "What happens without an answer.")};
  static const Rows keys = {
      one_of("mode", {"off", "observe", "enforce"}, "Whether it acts."),
      other<Ignored>("classes", map_shape(either_shape({trusts_shape(), object_shape(class_keys)})),
                     check_classes, "What may go where."),
      map_of("detectors", detectors, "What is looked for."),
      list_of("dictionaries", dictionary, "Word lists."),
      map_of("ner", ner, "An external analyser."),
      any_boolean("restore", "Put the originals back into the answer."),
      one_of("binary", {"allow", "local", "block"}, "Parts that are not text."),
  };
  return keys;
}

void check_inference(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  Ignored ignored;
  policy.inference_present = decode_map(diagnostics, node, "inference", inference_keys(), ignored);
  say_not_in_force(diagnostics, node, "inference", "reach the provider by an entry of network_policies");
}

void check_privacy(Diagnostics& diagnostics, const Node& node, Policy& policy) {
  Ignored ignored;
  policy.privacy_present = decode_map(diagnostics, node, "privacy", privacy_keys(), ignored);
  say_not_in_force(diagnostics, node, "privacy",
                   "what the agent reads can leave through what the network allows");
}

}  // namespace

void say_not_in_force(Diagnostics& diagnostics, const Node& node, const char* what, const char* remedy) {
  if (diagnostics.has_error()) return;  // first things first
  diagnostics.warning("P0601", node.at,
                      "'" + std::string(what) + "' is read and checked, but not yet in force", remedy);
}

Key<Policy> inference_section() {
  return other<Policy>("inference", object_shape(inference_keys), check_inference, "Model providers.");
}

Key<Policy> privacy_section() {
  return other<Policy>("privacy", object_shape(privacy_keys), check_privacy, "What may leave in prompts.");
}

}  // namespace nemoclaw::policy
