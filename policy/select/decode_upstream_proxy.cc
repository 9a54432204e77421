#include "policy/parse/keys.h"
#include "policy/select/decode_selection.h"
#include "runtime/base/path.h"

namespace nemoclaw::policy {
namespace {

constexpr const char* bad_proxy = "P0121";

void decode_url(Diagnostics& diagnostics, const Node& node, UpstreamProxy& proxy) {
  const auto url = read_text(diagnostics, node, "url");
  if (!url) return;
  if (const Result<void> parsed = parse_proxy_url(*url, proxy); !parsed)
    diagnostics.error(bad_proxy, node.at, "'upstream_proxy' " + parsed.error().message);
}

void decode_credentials(Diagnostics& diagnostics, const Node& node, UpstreamProxy& proxy) {
  auto file = read_text(diagnostics, node, "credentials_file");
  if (!file) return;
  if (!file->starts_with('/'))
    diagnostics.error(bad_proxy, node.at, "'credentials_file' must be an absolute path");
  proxy.credentials_file = clean_path(*file);
}

void decode_no_proxy(Diagnostics& diagnostics, const Node& node, UpstreamProxy& proxy) {
  for_each_item(diagnostics, node, "no_proxy", [&](const Node& item) {
    const auto entry = read_text(diagnostics, item, "no_proxy");
    if (!entry) return;
    if (const Result<void> added = add_direct(*entry, proxy); !added)
      diagnostics.error(bad_proxy, item.at, "'no_proxy' " + added.error().message,
                        "example.com is that name and all below it, .example.com those below it");
  });
}

const Keys<UpstreamProxy>& proxy_keys() {
  static const Keys<UpstreamProxy> keys = {
      required(other<UpstreamProxy>("url", Shape::Text, decode_url, "Where it is: http://HOST:PORT.")),
      other<UpstreamProxy>("credentials_file", Shape::Text, decode_credentials,
                           "File with user:password, for Basic authentication."),
      other<UpstreamProxy>("no_proxy", list_shape(Shape::Text), decode_no_proxy,
                           "Names and addresses that are reached without it."),
      choice<UpstreamProxy>(
          "ask_for", {"address", "name"}, [](UpstreamProxy& proxy, size_t index) { proxy.by_name = index == 1; },
          "What it is asked to connect to: the address that was judged, or the name."),
  };
  return keys;
}

}  // namespace

// A URL, or a map.
void decode_upstream_proxy(Diagnostics& diagnostics, const Node& node, NodeConfig& config) {
  UpstreamProxy proxy;
  if (node.kind == NodeKind::Scalar)
    decode_url(diagnostics, node, proxy);
  else
    decode_map(diagnostics, node, "upstream_proxy", proxy_keys(), proxy);
  config.upstream_proxy = std::move(proxy);
}

}  // namespace nemoclaw::policy
