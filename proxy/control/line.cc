#include "proxy/control/line.h"

namespace nemoclaw::control {

namespace {

constexpr std::string_view kGet = "GET ", kVersion = " HTTP/1.";

}  // namespace

std::string render_error(const std::string& message) {
  json::Writer writer;
  writer.begin_object().member("ok", false).member("error", message).end_object();
  return writer.take();
}

std::string answer_line(std::string_view line, const Handler& handler) {
  const Result<json::Value> request = json::parse(line);
  if (!request) return render_error("request: " + request.error().message);
  const json::Value* operation = request->find("op");
  if (!operation || !operation->is_string()) return render_error("request without a string member 'op'");
  return handler(operation->string, *request);
}

bool asks_for_page(std::string_view line) {
  return line.starts_with(kGet) && line.find(kVersion, kGet.size()) != line.npos;
}

std::string answer_page(std::string_view line, const Pages& pages) {
  const std::string_view path = line.substr(kGet.size(), line.find(' ', kGet.size()) - kGet.size());
  const std::optional<std::string> page = pages ? pages(path) : std::nullopt;
  const std::string text = page.value_or("no such page\n");
  return std::string("HTTP/1.1 ") + (page ? "200 OK" : "404 Not Found") +
         "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
         std::to_string(text.size()) + "\r\nConnection: close\r\n\r\n" + text;
}

}  // namespace nemoclaw::control
