// Lines of the control socket, what another proxy answers to a CONNECT, and texts of metrics.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/control/line.h"
#include "proxy/metrics/exposition.h"
#include "proxy/net/tunnel_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nemoclaw;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 0) {
    if (control::asks_for_page(text)) {
      control::answer_page(text, [](std::string_view path) {
        return path.empty() ? std::nullopt : std::optional<std::string>(path);
      });
      return 0;
    }
    // Whatever came, the answer is one line of JSON.
    const std::string answer = control::answer_line(text, [](const std::string& operation, const json::Value&) {
      return control::render_error(operation);
    });
    if (!json::parse(answer) || answer.find('\n') != answer.npos) abort();
  } else if (data[0] % 3 == 1) {
    const Result<std::optional<size_t>> head = net::parse_tunnel_answer(text);
    if (head && *head && (**head > text.size() || text.substr(**head - 4, 4) != "\r\n\r\n")) abort();
  } else {
    // Nothing is invented, and merging what was merged changes nothing.
    const std::string once = metrics::merge({std::string(text)});
    if (once.size() > text.size()) abort();
  }
  return 0;
}
