#include "proxy/metrics/meters.h"

namespace nemoclaw::metrics {

void Meters::count_decision(std::string_view verdict, std::string_view via, std::string_view code,
                            std::string_view entry, uint64_t times) {
  Decision key{verdict, via, code, entry};
  auto known = decisions.find(key);
  if (known == decisions.end()) {
    // A policy with very many entries, or many policies one after the other: the rest is counted together.
    if (decisions.size() >= kDecisionsMax && !entry.empty()) std::get<3>(key) = "(other)";
    known = decisions.try_emplace(std::move(key)).first;
  }
  known->second += times;
}

}  // namespace nemoclaw::metrics
