#include "policy/parse/four_level_item.h"

namespace nemoclaw::policy {
namespace {

Key<Level> listed(const char* name, std::vector<Listed> Level::*member, const char* summary) {
  return other<Level>(
      name, list_shape(Shape::Text),
      [=](Diagnostics& d, const Node& node, Level& out) {
        for_each_item(d, node, name, [&](const Node& item) {
          if (auto text = read_text(d, item, name)) (out.*member).push_back({std::move(*text), item.at});
        });
      },
      summary);
}

const Keys<Level>& level_keys() {
  static const Keys<Level> keys = {
      listed("allow", &Level::allow, "What is allowed; anything else is not."),
      listed("deny", &Level::deny, "What is refused; beats every allow."),
  };
  return keys;
}

Key<FourLevelItem> level(const char* name, Level FourLevelItem::*member, const char* summary) {
  return other<FourLevelItem>(
      name, object_shape(level_keys),
      [=](Diagnostics& d, const Node& node, FourLevelItem& out) {
        Level& level = out.*member;
        level.written = true;
        if (!decode_map(d, node, name, level_keys(), level)) return;
        if (level.allow.empty() && level.deny.empty())
          d.error("P0440", node.at, "'" + std::string(name) + "' lists nothing", "give it 'allow: [...]'");
        else if (level.allow.empty())
          d.warning("P0441", node.at,
                    "'" + std::string(name) +
                        "' only denies, so the item allows nothing: what is not listed "
                        "is denied",
                    "add 'allow: [...]' if the rest is meant to be allowed");
      },
      summary);
}

}  // namespace

const Keys<FourLevelItem>& four_level_item_keys() {
  static const Keys<FourLevelItem> keys = {
      text("name", &FourLevelItem::name, "Name of the item; shown in decisions.", Numbers::Accepted),
      required(level("binary", &FourLevelItem::binary,
                     "Programs: absolute, a glob, a name in the system's PATH directories, or '*'.")),
      required(level("destination", &FourLevelItem::destination,
                     "Hosts, 'host:port'; the port is 443 by default.")),
      level("method", &FourLevelItem::method, "HTTP methods; absent: any."),
      level("path", &FourLevelItem::path, "Globs on the path of requests; absent: any."),
  };
  return keys;
}

}  // namespace nemoclaw::policy
