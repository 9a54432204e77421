// nemoclawctl policy decide FILE --binary P [--ancestor P]... --method M URL
#include <cstdio>

#include "ctl/command.h"
#include "ctl/options.h"
#include "ctl/policy_commands.h"
#include "ctl/policy_request.h"
#include "ctl/policy_source.h"
#include "ctl/printable.h"
#include "policy/parse/parse.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

// http://host[:port]/path?query; https, ws and wss alike.
Result<void> read_url(const std::string& url, DescribedRequest& request) {
  const size_t colon = url.find("://");
  const std::string scheme = url.substr(0, colon == std::string::npos ? 0 : colon);
  const bool secure = scheme == "https" || scheme == "wss";
  if (!secure && scheme != "http" && scheme != "ws")
    return make_error("the URL " + quoted(url, 128) +
                      " starts with none of https://, http://, wss://, ws://");
  const size_t start = colon + 3;
  const size_t end = std::min(url.find_first_of("/?#", start), url.size());
  std::string authority = url.substr(start, end - start);
  request.port = secure ? 443 : 80;
  const size_t mark = authority.rfind(':');
  if (mark != std::string::npos && authority.find(']', mark) == std::string::npos) {
    const std::string port = authority.substr(mark + 1);
    unsigned number = 0;
    for (char c : port)
      number = c >= '0' && c <= '9' && number < 65536 ? number * 10 + unsigned(c - '0') : 65536;
    if (port.empty() || number == 0 || number > 65535)
      return make_error("the URL's port " + quoted(port, 32) + " is not between 1 and 65535");
    request.port = static_cast<uint16_t>(number);
    authority.resize(mark);
  }
  if (authority.empty() || authority.find('@') != std::string::npos)
    return make_error("the URL " + quoted(url, 128) + " needs a host, without user or password");
  request.host = authority;
  request.target = url.substr(end);
  if (request.target->empty() || request.target->front() != '/') request.target->insert(0, "/");
  return {};
}

Result<DescribedRequest> read_request(const Options& options) {
  DescribedRequest request;
  for (const char* name : {"binary", "method"})
    if (options.value(name).value_or("").empty())
      return make_error(std::string("--") + name + " is missing; see --help");
  request.caller.binary = *options.value("binary");
  request.caller.ancestors = options.values("ancestor");
  if (request.caller.binary[0] != '/')
    return make_error("--binary " + quoted(request.caller.binary, 128) + " is not absolute");
  for (const std::string& ancestor : request.caller.ancestors)
    if (ancestor.empty() || ancestor[0] != '/')
      return make_error("--ancestor " + quoted(ancestor, 128) + " is not absolute");
  request.request.method = *options.value("method");
  request.inspect = true;
  TRY(read_url(options.words()[1], request));
  return request;
}

std::string as_json(const policy::Decision& decision) {
  json::Writer writer;
  writer.begin_object();
  writer.member("verdict", decision.verdict == policy::Verdict::Allow ? "allow" : "deny");
  writer.member("would_deny", decision.would_deny).member("layer", decision.layer);
  writer.member("entry", decision.entry).member("rule_line", decision.rule_line);
  if (decision.rule_index >= 0)
    writer.member(decision.by_deny_rule ? "deny_rule_index" : "rule_index", decision.rule_index);
  writer.member("code", decision.code).member("reason", decision.reason).member("nearest", decision.nearest);
  return writer.end_object().take();
}

void print_text(const policy::Decision& decision, const std::string& file) {
  const char* verdict = decision.verdict != policy::Verdict::Allow ? "denied"
                        : decision.would_deny                      ? "allowed (audit: would be denied)"
                                                                   : "allowed";
  std::printf("%s: %s\n", verdict, printable(decision.reason).c_str());
  if (decision.rule_line > 0) {
    std::printf("  %s:%u: entry '%s'", printable(file).c_str(), decision.rule_line,
                printable(decision.entry).c_str());
    if (decision.rule_index >= 0)
      std::printf(", %s %d", decision.by_deny_rule ? "deny rule" : "rule", decision.rule_index);
    std::printf("\n");
  }
  if (!decision.nearest.empty()) std::printf("  nearest: %s\n", printable(decision.nearest).c_str());
}

int run(const Options& options, bool json) {
  const auto request = read_request(options);
  if (!request) return policy_usage_error("decide", request.error().message);
  int code = kExitFine;
  const auto source = open_policy("decide", options.words()[0], options.value("config"), code);
  if (!source) return kExitUsage;  // 1 would say that the request is denied
  const auto engine = policy::Engine::compile(source->policy);
  if (!engine) return policy_usage_error("decide", engine.error().message);
  const policy::Decision decision = judge(**engine, *request);
  if (json)
    std::printf("%s\n", as_json(decision).c_str());
  else
    print_text(decision, source->file);
  return decision.verdict == policy::Verdict::Allow ? kExitFine : kExitNo;
}

}  // namespace

const PolicyCommand& policy_decide() {
  static const PolicyCommand command = {
      .name = "decide",
      .summary = "is one request allowed, and by which rule",
      .usage = "FILE|NAME --binary PATH [--ancestor PATH]... --method NAME URL",
      .about =
          "Says whether the policy allows one request, and which rule decides.\n"
          "Addresses are not resolved: a host that leads to a private address is refused later.\n"
          "Exit code: 0 allowed, 1 denied, 2 bad use or an invalid policy.",
      .rows = {{"binary", "PATH", "the calling executable, absolute inside the container"},
               {"ancestor", "PATH", "an executable above it; repeat, nearest parent first"},
               {"method", "NAME", "HTTP method, or WEBSOCKET_TEXT"}},
      .words = Words::FileAndUrl,
      .words_min = 2,
      .words_max = 2,
      .words_wrong = "name one file and one URL",
      .takes_config = true,
      .run = run};
  return command;
}

}  // namespace nemoclaw::ctl
