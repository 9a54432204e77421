#include "proxy/dns/service_binding.h"

#include <vector>

#include "proxy/dns/wire.h"

namespace nemoclaw::dns {

namespace {

constexpr uint16_t kMandatory = 0, kAlpn = 1, kNoDefaultAlpn = 2, kPort = 3;

bool is_kept(uint16_t key) { return key == kAlpn || key == kNoDefaultAlpn || key == kPort; }

// nullopt: malformed.
std::optional<std::string> without_http3(std::string_view list) {
  WireReader reader(list);
  std::string kept;
  while (!reader.at_end()) {
    const std::string protocol(reader.bytes(reader.u8()));
    if (reader.failed() || protocol.empty()) return std::nullopt;
    if (protocol == "h3" || protocol.rfind("h3-", 0) == 0 || protocol.rfind("hq", 0) == 0) continue;
    kept += static_cast<char>(protocol.size());
    kept += protocol;
  }
  return kept;
}

// A record whose mandatory keys are not all kept would mean something else without them.
bool needs_only_kept(std::string_view value) {
  WireReader reader(value);
  while (!reader.at_end() && !reader.failed())
    if (!is_kept(reader.u16())) return false;
  return !reader.failed();
}

}  // namespace

std::optional<std::string> reduce_service_binding(std::string_view data) {
  WireReader reader(data);
  const uint16_t priority = reader.u16();
  std::string reduced = wire_u16(priority) + reader.name(false);
  if (reader.failed()) return std::nullopt;
  if (priority == 0) return reduced;  // an alias: a name and nothing else
  bool has_protocols = false, needs_protocols = false;
  while (!reader.at_end()) {
    const uint16_t key = reader.u16();
    std::string value(reader.bytes(reader.u16()));
    if (reader.failed()) return std::nullopt;
    if (key == kMandatory && !needs_only_kept(value)) return std::nullopt;
    if (key == kNoDefaultAlpn) needs_protocols = true;
    if (key == kAlpn) {
      std::optional<std::string> kept = without_http3(value);
      if (!kept) return std::nullopt;
      if (kept->empty()) continue;
      has_protocols = true;
      value = std::move(*kept);
    }
    if (is_kept(key)) reduced += wire_u16(key) + wire_u16(static_cast<uint32_t>(value.size())) + value;
  }
  if (needs_protocols && !has_protocols) return std::nullopt;  // it spoke HTTP/3 only
  return reduced;
}

}  // namespace nemoclaw::dns
