// Frames, cut at a place that the input chooses: the answer must not depend on the cut, and what passes is a
// prefix of what came.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/http/websocket.h"

using nemoclaw::http::WebSocketChecker;

namespace {

std::string run(std::string_view bytes, size_t cut, bool masked, std::string& out) {
  WebSocketChecker checker(masked, 4096);
  std::string events;
  for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    while (!piece.empty()) {
      const auto step = checker.feed(piece, out);
      if (step == WebSocketChecker::Step::MessageStart) {
        events += 'm';
        if (piece.empty()) checker.feed(piece, out);
      }
      if (step == WebSocketChecker::Step::Closed) events += 'c';
      if (step == WebSocketChecker::Step::Failed) return events + std::to_string(checker.close_code());
    }
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const bool masked = data[0] % 2 == 0;
  std::string whole, parts;
  const std::string first = run(bytes, bytes.size(), masked, whole);
  const std::string second = run(bytes, bytes.empty() ? 0 : data[1] % (bytes.size() + 1), masked, parts);
  if (first != second || bytes.substr(0, whole.size()) != whole) abort();
  return 0;
}
