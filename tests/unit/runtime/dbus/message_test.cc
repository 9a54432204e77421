#include "runtime/dbus/message.h"

#include <gtest/gtest.h>

#include "runtime/dbus/connection.h"

namespace nemoclaw::dbus {
namespace {

TEST(DbusSignature, CompleteTypes) {
  const std::pair<const char*, size_t> cases[] = {
      {"u", 1},  {"as", 2},      {"a(sv)u", 5}, {"a{sv}", 5}, {"(ii)s", 4}, {"aay", 3}, {"v", 1},
      {"", 0},   {"a", 0},       {"(", 0},      {"()", 0},    {"(i", 0},    {"z", 0},   {"{sv}", 0},
      {"a{", 0}, {"a{vs}", 0},   {"a{s}", 0},   {"a{svs}", 0}};
  for (const auto& [signature, length] : cases) EXPECT_EQ(complete_type(signature), length) << signature;
  EXPECT_TRUE(is_signature("a(sa(sv))sso"));
  EXPECT_FALSE(is_signature("sa"));
  EXPECT_FALSE(is_signature(std::string(40, 'a') + "y"));  // nested too deeply
  EXPECT_FALSE(is_signature(std::string(256, 'y')));
}

// The examples' bytes are written out by hand after the specification's rules.
TEST(DbusValue, WireForm) {
  const auto bytes = [](const Value& value, const std::string& before = "") {
    std::string out = before;
    encode(value, out);
    return out.substr(before.size());
  };
  using std::string_literals::operator""s;
  EXPECT_EQ(bytes(make_number('u', 0x01020304)), "\4\3\2\1"s);
  EXPECT_EQ(bytes(make_number('q', 5), "x"), "\0\5\0"s) << "aligned to 2";
  EXPECT_EQ(bytes(make_boolean(true)), "\1\0\0\0"s);
  EXPECT_EQ(bytes(make_text("foo")), "\3\0\0\0foo\0"s);
  EXPECT_EQ(bytes(make_text("au", 'g')), "\2au\0"s);
  EXPECT_EQ(bytes(make_variant(make_number('y', 7))), "\1y\0\7"s);
  // The length does not count the padding before the first element.
  EXPECT_EQ(bytes(make_array("t", {make_number('t', 1)})), "\10\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"s);
  EXPECT_EQ(bytes(make_array("t")), "\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(bytes(make_bytes({9, 8})), "\2\0\0\0\11\10"s);
}

TEST(DbusValue, SignedNumbersComeBack) {
  std::string out;
  encode(make_number('i', static_cast<uint64_t>(int64_t{-2})), out);
  size_t at = 0;
  const auto values = decode("i", out, at);
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(static_cast<int64_t>((*values)[0].number), -2);
  EXPECT_EQ(at, 4U);
}

TEST(DbusMessage, RoundTrip) {
  Message message;
  message.type = MessageType::Call;
  message.serial = 7;
  message.path = "/org/freedesktop/systemd1";
  message.interface = "org.freedesktop.systemd1.Manager";
  message.member = "StartTransientUnit";
  message.destination = "org.freedesktop.systemd1";
  Value properties = make_array("(sv)");
  properties.items.push_back(make_struct({make_text("PIDs"), make_variant(make_array("u", {make_number('u', 42)}))}));
  properties.items.push_back(make_struct({make_text("Delegate"), make_variant(make_boolean(true))}));
  message.body = {make_text("a.scope"), make_text("replace"), properties, make_array("(sa(sv))")};
  const std::string wire = encode_message(message);
  EXPECT_EQ(*message_length(wire), wire.size());
  const Result<Message> back = decode_message(wire);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->type, MessageType::Call);
  EXPECT_EQ(back->serial, 7U);
  EXPECT_EQ(back->path, message.path);
  EXPECT_EQ(back->interface, message.interface);
  EXPECT_EQ(back->member, message.member);
  EXPECT_EQ(back->destination, message.destination);
  EXPECT_EQ(back->body, message.body);
  EXPECT_EQ(back->body_text(1), "replace");
  EXPECT_EQ(back->body_text(9), "");
}

TEST(DbusMessage, ErrorReply) {
  Message message;
  message.type = MessageType::Error;
  message.serial = 3;
  message.reply_serial = 9;
  message.error_name = "org.freedesktop.systemd1.UnitExists";
  message.body = {make_text("Unit exists already.")};
  const Result<Message> back = decode_message(encode_message(message));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->reply_serial, 9U);
  EXPECT_EQ(back->error_name, message.error_name);
}

TEST(DbusMessage, EveryTruncationIsRefused) {
  Message message;
  message.type = MessageType::Return;
  message.reply_serial = 1;
  message.body = {make_text("x"), make_array("(sv)", {make_struct({make_text("k"), make_variant(make_text("v"))})})};
  const std::string wire = encode_message(message);
  for (size_t length = 0; length < wire.size(); ++length)
    EXPECT_FALSE(decode_message(std::string_view(wire).substr(0, length))) << length;
  EXPECT_FALSE(decode_message(wire + "x"));
}

TEST(DbusMessage, ForeignBytesAreRefused) {
  Message message;
  message.type = MessageType::Return;
  message.body = {make_boolean(true)};
  const std::string good = encode_message(message);
  const auto with = [&](size_t at, char byte) {
    std::string bad = good;
    bad[at] = byte;
    return decode_message(bad);
  };
  EXPECT_TRUE(decode_message(good));
  EXPECT_FALSE(with(0, 'B')) << "other byte order";
  EXPECT_FALSE(with(1, 9)) << "unknown type";
  EXPECT_FALSE(with(good.size() - 4, 2)) << "a boolean of 2";
  EXPECT_FALSE(message_length("l\1\0\1\xff\xff\xff\x7f\0\0\0\0\xff\xff\xff\x7f"));
}

TEST(DbusAddress, UnixPaths) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(unix_paths("unix:path=/run/user/0/bus"), Paths{"/run/user/0/bus"});
  EXPECT_EQ(unix_paths("tcp:host=x;unix:guid=1,path=/a%20b;unix:abstract=/c"), (Paths{"/a b", "@/c"}));
  EXPECT_EQ(unix_paths("unix:path=/x%"), Paths{"/x%"});
  EXPECT_EQ(unix_paths(""), Paths{});
  EXPECT_EQ(unix_paths("autolaunch:"), Paths{});
}

}  // namespace
}  // namespace nemoclaw::dbus
