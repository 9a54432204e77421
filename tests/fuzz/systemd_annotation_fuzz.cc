// Annotations are written by whoever may start a container.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/cgroup/systemd_unit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)cgroup::plan_unit(text, "id", false);
  (void)cgroup::cpu_mask(text);
  const Result<cgroup::UnitProperties> properties =
      cgroup::annotation_properties({{"org.systemd.property.Name", text}});
  if (!properties) return 0;
  // What was taken can be sent.
  const dbus::Value value = cgroup::properties_value(*properties);
  std::string wire;
  dbus::encode(value, wire);
  size_t at = 0;
  const auto back = dbus::decode(value.signature(), wire, at);
  if (!back || at != wire.size() || (*back)[0] != value) abort();
  return 0;
}
