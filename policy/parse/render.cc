// Diagnostics as people, logs and editors read them.
#include "policy/parse/parse.h"
#include "policy/parse/utf8.h"
#include "runtime/base/json.h"

namespace nemoclaw::policy {
namespace {

const char* severity_name(Severity severity) { return severity == Severity::Error ? "error" : "warning"; }

std::string place(const Diagnostic& diagnostic, std::string_view file_name) {
  std::string text(file_name);
  if (diagnostic.at.line > 0)
    text += ":" + std::to_string(diagnostic.at.line) + ":" + std::to_string(diagnostic.at.column);
  return text;
}

// The source line for a terminal: control bytes could move the cursor or forge lines, so they become '?'.
std::string shown_line(std::string_view line) {
  std::string shown;
  for (size_t i = 0; i < line.size();) {
    const size_t length = utf8_length(line.substr(i));
    const auto byte = static_cast<unsigned char>(line[i]);
    // U+0080..U+009F are control characters too.
    const bool c1 = length == 2 && byte == 0xc2 && static_cast<unsigned char>(line[i + 1]) < 0xa0;
    if (line[i] == '\t')
      shown += ' ';
    else if (length == 0 || byte < 0x20 || byte == 0x7f || c1)
      shown += '?';
    else
      shown.append(line.substr(i, length));
    i += length == 0 ? 1 : length;
  }
  return shown;
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, std::string_view file_name, bool colour) {
  const bool error = diagnostic.severity == Severity::Error;
  const char* strong = colour ? "\033[1m" : "";
  const char* loud = colour ? (error ? "\033[1;31m" : "\033[1;33m") : "";
  const char* off = colour ? "\033[0m" : "";
  std::string text = strong + place(diagnostic, file_name) + ": " + off + loud +
                     severity_name(diagnostic.severity) + " " + diagnostic.code + off + ": " +
                     diagnostic.message + "\n";
  // A place far out on a very long line has no room for a caret.
  if (!diagnostic.source_line.empty() && diagnostic.at.column > 0 && diagnostic.at.column <= 512) {
    text += "  | " + shown_line(diagnostic.source_line) + "\n";
    text += "  | " + std::string(diagnostic.at.column - 1, ' ') + loud + "^" + off + "\n";
  }
  if (!diagnostic.remedy.empty()) text += "  = help: " + diagnostic.remedy + "\n";
  return text;
}

std::string render_line(const Diagnostic& diagnostic, std::string_view file_name) {
  std::string line = place(diagnostic, file_name) + ": " + diagnostic.code + ": " + diagnostic.message;
  if (!diagnostic.remedy.empty()) line += "; " + diagnostic.remedy;
  return line;
}

std::string render_json(const std::vector<Diagnostic>& diagnostics, std::string_view file_name) {
  json::Writer writer;
  writer.begin_array();
  for (const Diagnostic& diagnostic : diagnostics) {
    writer.begin_object();
    writer.member("file", std::string(file_name));
    writer.member("line", static_cast<unsigned>(diagnostic.at.line));
    writer.member("column", static_cast<unsigned>(diagnostic.at.column));
    writer.member("severity", severity_name(diagnostic.severity));
    writer.member("code", diagnostic.code);
    writer.member("message", diagnostic.message);
    writer.member("remedy", diagnostic.remedy);
    writer.member("source", diagnostic.source_line);
    writer.end_object();
  }
  writer.end_array();
  return writer.take();
}

}  // namespace nemoclaw::policy
