#include "ctl/options.h"

#include <boost/program_options.hpp>

namespace nemoclaw::ctl {
namespace {

namespace po = boost::program_options;

std::string long_name(const OptionRow& row) {
  const std::string_view name = row.name;
  return std::string(name.substr(0, name.find(',')));
}

po::options_description describe(const std::vector<OptionRow>& rows) {
  po::options_description described("options", 100);
  for (const OptionRow& row : rows) {
    if (row.argument)
      described.add_options()(row.name, po::value<std::string>()->value_name(row.argument), row.summary);
    else
      described.add_options()(row.name, row.summary);
  }
  return described;
}

po::parsed_options parse_words(const std::vector<std::string>& args, po::options_description described) {
  described.add_options()("words", po::value<std::vector<std::string>>(), "");
  po::positional_options_description positional;
  positional.add("words", -1);
  using Style = po::command_line_style::style_t;
  const int style = po::command_line_style::unix_style & ~static_cast<int>(Style::allow_guessing);
  return po::command_line_parser(args).options(described).positional(positional).style(style).run();
}

}  // namespace

Result<Options> Options::parse(const std::vector<std::string>& args, const std::vector<OptionRow>& rows) {
  Options options;
  try {
    for (const po::option& option : parse_words(args, describe(rows)).options) {
      const std::string value = option.value.empty() ? std::string() : option.value[0];
      if (option.string_key == "words")
        options.words_.push_back(value);
      else
        options.values_.emplace_back(option.string_key, value);
    }
  } catch (const std::exception& error) {
    std::string known;
    for (const OptionRow& row : rows) known += (known.empty() ? "--" : ", --") + long_name(row);
    return make_error(std::string(error.what()) + "; known options: " + known);
  }
  return options;
}

std::optional<std::string> Options::value(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Options::values(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [key, value] : values_)
    if (key == name) all.push_back(value);
  return all;
}

Result<bool> Options::wants_json() const {
  const std::string format = value("format").value_or("text");
  if (format == "json") return true;
  if (format == "text") return false;
  return make_error("--format is text or json, not " + quoted(format));
}

std::string help_text(std::string_view usage, std::string_view about, const std::vector<OptionRow>& rows) {
  std::string text = "usage: " + std::string(usage) + "\n\n" + std::string(about) + "\n\n";
  size_t width = 0;
  std::vector<std::string> left;
  for (const OptionRow& row : rows) {
    std::string shown = "  --" + long_name(row);
    if (row.argument) shown += " " + std::string(row.argument);
    width = std::max(width, shown.size());
    left.push_back(std::move(shown));
  }
  for (size_t i = 0; i < rows.size(); ++i)
    text += left[i] + std::string(width + 2 - left[i].size(), ' ') + rows[i].summary + "\n";
  return text;
}

}  // namespace nemoclaw::ctl
