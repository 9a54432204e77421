// nemoclawctl completion bash|zsh
#include <cstdio>

#include "ctl/completion.h"

namespace nemoclaw::ctl {
namespace {

const std::vector<OptionRow>& rows() {
  static const std::vector<OptionRow> all = {{"help,h", nullptr, "this text"}};
  return all;
}

int run_completion(const std::vector<std::string>& args) {
  const auto options = Options::parse(args, rows());
  if (options && options->has("help")) {
    std::fputs(help_text("nemoclawctl completion bash|zsh",
                         "Prints completion for a shell. Packages install it; by hand:\n"
                         "  bash: source <(nemoclawctl completion bash)\n"
                         "  zsh:  nemoclawctl completion zsh >~/.zfunc/_nemoclawctl, with ~/.zfunc in fpath",
                         rows())
                   .c_str(),
               stdout);
    return kExitFine;
  }
  const std::string shell = options && options->words().size() == 1 ? options->words()[0] : "";
  if (shell != "bash" && shell != "zsh") {
    std::fprintf(stderr, "nemoclawctl completion: %s\n",
                 options ? "name one shell, bash or zsh; see --help" : options.error().message.c_str());
    return kExitUsage;
  }
  const std::string text = shell == "bash" ? bash_completion(all_commands()) : zsh_completion(all_commands());
  std::fputs(text.c_str(), stdout);
  return kExitFine;
}

}  // namespace

const std::vector<Command>& completion_commands() {
  static const std::vector<Command> commands = {
      {"completion", "", "print completion for bash or zsh", run_completion, rows(), Words::Shells},
  };
  return commands;
}

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (const auto* table :
       {&policy_commands(), &sandbox_commands(), &secret_commands(), &logs_commands(), &metrics_commands(),
        &doctor_commands(), &completion_commands()})
    all.insert(all.end(), table->begin(), table->end());
  return all;
}

}  // namespace nemoclaw::ctl
