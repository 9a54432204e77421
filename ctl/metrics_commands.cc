// nemoclawctl metrics [SANDBOX] | --serve
#include <cstdio>

#include "ctl/command.h"
#include "ctl/control_client.h"
#include "ctl/metrics_server.h"
#include "ctl/sandboxes.h"
#include "policy/select/select.h"
#include "proxy/metrics/exposition.h"
#include "runtime/base/file.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow> kRows = {{"serve", nullptr, "answer GET /metrics by HTTP, for all sandboxes of the node"},
                                      {"listen", "ADDRESS:PORT", "where, instead of metrics_listen of the configuration"},
                                      {"config", "FILE", "the node's configuration"},
                                      {"help,h", nullptr, "show this help"}};

Result<std::string> metrics_of(const std::string& directory) {
  const json::Value answer = TRY(ask_proxy(directory, "metrics"));
  const json::Value* text = answer.find("text");
  if (!text || !text->is_string()) return make_error("the proxy's answer has no text");
  return text->string;
}

// Of every sandbox, and whether its proxy answered.
std::string metrics_of_node(const std::string& run_directory) {
  std::vector<std::string> texts;
  metrics::Exposition up{metrics::Labels()};
  up.family("nemoclaw_up", "gauge", "Whether the sandbox's proxy answered.");
  for (const std::string& name : list_directory(run_directory).value_or(std::vector<std::string>())) {
    const std::string directory = run_directory + "/" + name;
    // A sandbox whose container was created and has no proxy, or none yet.
    if (!file_exists(directory + "/proxy.json")) continue;
    Result<std::string> text = metrics_of(directory);
    up.sample({{"sandbox", name}}, uint64_t{text.has_value()});
    if (text) texts.push_back(std::move(*text));
  }
  texts.insert(texts.begin(), up.take());
  return metrics::merge(texts);
}

Result<int> serve(const policy::NodeConfig& config, const Options& options) {
  const std::string wanted = options.value("listen").value_or(config.metrics_listen);
  if (wanted.empty())
    return make_error("--serve needs --listen ADDRESS:PORT, or metrics_listen in the node's configuration");
  const ListenAddress where = TRY_CONTEXT(
      parse_listen_address(wanted), options.has("listen") ? "--listen" : config.file + ": metrics_listen");
  const Fd listener = TRY(listen_for_scrapers(where));
  TRY(give_up_privileges());
  TRY(serve_scrapers(listener, [&config] { return metrics_of_node(config.run_directory); }));
  return static_cast<int>(kExitFine);
}

Result<int> show(const policy::NodeConfig& config, const Options& options) {
  std::string text;
  if (options.words().empty()) {
    text = metrics_of_node(config.run_directory);
  } else {
    const std::vector<std::string> names =
        list_directory(config.run_directory).value_or(std::vector<std::string>());
    const std::string name = TRY(resolve_name(names, options.words()[0]));
    text = TRY(metrics_of(config.run_directory + "/" + name));
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return static_cast<int>(kExitFine);
}

Result<int> run_command(const Options& options) {
  if (options.words().size() > (options.has("serve") ? 0 : 1))
    return make_error("metrics takes one sandbox id at most, and none with --serve");
  if (options.has("listen") && !options.has("serve")) return make_error("--listen goes with --serve");
  const policy::NodeConfig config = TRY(policy::load_node_config(options.value("config")));
  return options.has("serve") ? serve(config, options) : show(config, options);
}

int run_metrics(const std::vector<std::string>& args) {
  const Result<Options> options = Options::parse(args, kRows);
  if (options && options->has("help")) {
    const std::string help =
        help_text("nemoclawctl metrics [SANDBOX] | --serve [--listen ADDRESS:PORT]",
                  "What the proxies count, in the text format of Prometheus: of one sandbox, or of all. "
                  "--serve answers GET /metrics until it is ended.",
                  kRows);
    std::fwrite(help.data(), 1, help.size(), stdout);
    return kExitFine;
  }
  const Result<int> code = options ? run_command(*options) : options.error();
  if (code) return *code;
  std::fprintf(stderr, "nemoclawctl: %s\n", code.error().message.c_str());
  return kExitUsage;
}

}  // namespace

const std::vector<Command>& metrics_commands() {
  static const std::vector<Command> commands = {
      {"metrics", "", "print or serve what the proxies count, for Prometheus", run_metrics, kRows, Words::Sandboxes},
  };
  return commands;
}

}  // namespace nemoclaw::ctl
