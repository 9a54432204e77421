// nemoclawctl logs [-f] [SANDBOX]
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <deque>

#include "ctl/command.h"
#include "ctl/log_tail.h"
#include "ctl/options.h"
#include "ctl/printable.h"
#include "policy/select/select.h"
#include "runtime/base/json.h"

namespace nemoclaw::ctl {
namespace {

constexpr const char* kUsage = "nemoclawctl logs [-f] [SANDBOX]";
constexpr const char* kAbout =
    "What sandboxes asked the network for and what was answered: time, verdict, program, destination, policy "
    "entry, "
    "reason. Without SANDBOX: all sandboxes, also those that are gone.";
const std::vector<OptionRow> kRows = {
    {"follow,f", nullptr, "go on as the logs grow"},
    {"lines,n", "N", "only the last N lines"},
    {"sandbox", "ID", "the same as SANDBOX"},
    {"format", "text|json", "json: the audit records as they are, one per line"},
    {"config", "FILE", "the node's configuration"},
    {"help,h", nullptr, "show this help"}};
constexpr int kPollMs = 200;

struct Request {
  std::string log_directory, sandbox;
  bool follow = false;
  LogFormat format = LogFormat::Text;
  size_t lines_max = SIZE_MAX;
};

// Lines of several sandboxes, in the order of their times: RFC 3339 sorts as text.
struct Line {
  std::string time, text;
};

class Printer {
 public:
  Printer(const Request& request, bool several) : request_(request), several_(several) {}

  void add(const std::string& sandbox, const std::string& line) {
    std::string text = render_log_line(line, request_.format);
    const std::string time =
        request_.format == LogFormat::Text ? text.substr(0, text.find(' ')) : time_of(line);
    if (several_ && request_.format == LogFormat::Text) text = printable(sandbox.substr(0, 12)) + "  " + text;
    lines_.push_back({time, std::move(text)});
  }

  void print() {
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return a.time < b.time; });
    while (lines_.size() > request_.lines_max) lines_.pop_front();
    for (const Line& line : lines_) std::printf("%s\n", line.text.c_str());
    lines_.clear();
    std::fflush(stdout);
  }

 private:
  static std::string time_of(const std::string& line) {
    const Result<json::Value> record = json::parse(line);
    const json::Value* time = record ? record->find("time_rfc3339") : nullptr;
    return time ? time->string : "";
  }

  const Request& request_;
  bool several_;
  std::deque<Line> lines_;
};

// Adds logs that have appeared since the last look: a sandbox may be started while its operator watches.
Result<void> find_new(const Request& request, std::vector<LogFile>& known, std::vector<LogTail>& tails) {
  const Result<std::vector<LogFile>> found = find_logs(request.log_directory, request.sandbox);
  if (!found) return known.empty() ? Result<void>(found.error()) : Result<void>();
  for (const LogFile& log : *found) {
    const auto same = [&](const LogFile& each) { return each.file == log.file; };
    if (std::any_of(known.begin(), known.end(), same)) continue;
    known.push_back(log);
    tails.emplace_back(log.file);
  }
  return {};
}

Result<void> show_logs(Request request) {
  std::vector<LogFile> known;
  std::vector<LogTail> tails;
  Printer printer(request, request.sandbox.empty());
  for (;;) {
    TRY(find_new(request, known, tails));
    for (size_t at = 0; at < tails.size(); ++at)
      TRY(tails[at].read_new([&](const std::string& line) { printer.add(known[at].sandbox, line); }));
    printer.print();
    if (!request.follow || std::ferror(stdout)) return {};
    request.lines_max = SIZE_MAX;  // the limit is for what was there at the beginning
    poll(nullptr, 0, kPollMs);
  }
}

Result<Request> decode(const Options& options) {
  Request request;
  if (options.words().size() > 1) return make_error("logs takes one sandbox id");
  request.sandbox = options.value("sandbox").value_or(options.words().empty() ? "" : options.words()[0]);
  request.follow = options.has("follow");
  request.format = TRY(options.wants_json()) ? LogFormat::Json : LogFormat::Text;
  if (const std::optional<std::string> lines = options.value("lines")) {
    if (lines->empty() || lines->size() > 9 || lines->find_first_not_of("0123456789") != std::string::npos)
      return make_error("--lines: expected a number, not " + quoted(*lines));
    request.lines_max = std::stoul(*lines);
  }
  request.log_directory = TRY(policy::load_node_config(options.value("config"))).log_directory;
  return request;
}

int run_logs(const std::vector<std::string>& args) {
  const auto run = [&]() -> Result<void> {
    const Options options = TRY(Options::parse(args, kRows));
    if (options.has("help")) {
      std::fputs(help_text(kUsage, kAbout, kRows).c_str(), stdout);
      return {};
    }
    return show_logs(TRY(decode(options)));
  };
  const Result<void> done = run();
  if (done) return kExitFine;
  std::fprintf(stderr, "nemoclawctl: %s\n", done.error().message.c_str());
  return kExitUsage;
}

}  // namespace

const std::vector<Command>& logs_commands() {
  static const std::vector<Command> commands = {
      {"logs", "", "show what sandboxes asked the network for", run_logs, kRows, Words::Sandboxes},
  };
  return commands;
}

}  // namespace nemoclaw::ctl
