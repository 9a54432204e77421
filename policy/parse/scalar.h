// Typed reading of single values. YAML 1.2 core types, narrowed: true/false, decimal integers, text. What
// YAML 1.1 readers would silently take for something else (yes, 0x10, 1_000, ~) is a wrong type here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/parse/diagnostics.h"
#include "policy/parse/tree.h"

namespace nemoclaw::policy {

// "a list", "the number 3", "the text 'x'", "nothing" ...: what stands there, for messages.
std::string describe(const Node& node);

// Each reports P0102 (wrong type), P0104 (not one of the choices) or P0105 (out of range) and returns nullopt
// if the value does not fit. `key` is for the message.
std::optional<bool> read_boolean(Diagnostics& diagnostics, const Node& node, std::string_view key);
std::optional<uint64_t> read_integer(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                     uint64_t minimum, uint64_t maximum);
enum class Numbers : uint8_t { Refused, Accepted };  // may a plain number stand for its text (a uid)?
std::optional<std::string> read_text(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                     Numbers numbers = Numbers::Refused);
std::optional<size_t> read_choice(Diagnostics& diagnostics, const Node& node, std::string_view key,
                                  const std::vector<std::string_view>& choices);
// True if the node is of that kind; else P0102.
bool expect_kind(Diagnostics& diagnostics, const Node& node, NodeKind kind, std::string_view key);

}  // namespace nemoclaw::policy
