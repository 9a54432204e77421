#include "runtime/dbus/message.h"

namespace nemoclaw::dbus {

namespace {

// Codes of the header's fields.
enum Field : uint8_t {
  kPath = 1, kInterface = 2, kMember = 3, kErrorName = 4, kReplySerial = 5, kDestination = 6, kSignature = 8,
};

uint32_t little_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  return number;
}

Value header_field(Field code, Value content) {
  return make_struct({make_number('y', code), make_variant(std::move(content))});
}

void add_text(std::vector<Value>& fields, Field code, char type, const std::string& text) {
  if (!text.empty()) fields.push_back(header_field(code, make_text(text, type)));
}

size_t padded(size_t length) { return (length + 7) / 8 * 8; }

Result<void> take_field(const Value& field, Message& message, std::string& signature) {
  const Value& content = field.items[1].items[0];
  const auto text = [&](char type, std::string& target) -> Result<void> {
    if (content.type != type) return make_error("D-Bus: a header field has the wrong type");
    target = content.text;
    return {};
  };
  switch (field.items[0].number) {
    case kPath: return text('o', message.path);
    case kInterface: return text('s', message.interface);
    case kMember: return text('s', message.member);
    case kErrorName: return text('s', message.error_name);
    case kDestination: return text('s', message.destination);
    case kSignature: return text('g', signature);
    case kReplySerial:
      if (content.type != 'u') return make_error("D-Bus: a header field has the wrong type");
      message.reply_serial = static_cast<uint32_t>(content.number);
      return {};
    default: return {};  // the sender, descriptors, and what later versions add
  }
}

}  // namespace

std::string Message::body_text(size_t index) const { return index < body.size() ? body[index].text : ""; }

std::string encode_message(const Message& message) {
  std::string body, signature;
  for (const Value& each : message.body) {
    encode(each, body);
    signature += each.signature();
  }
  std::string out = {'l', static_cast<char>(message.type), 0, 1};
  encode(make_number('u', body.size()), out);
  encode(make_number('u', message.serial), out);
  std::vector<Value> fields;
  add_text(fields, kPath, 'o', message.path);
  add_text(fields, kInterface, 's', message.interface);
  add_text(fields, kMember, 's', message.member);
  add_text(fields, kErrorName, 's', message.error_name);
  add_text(fields, kDestination, 's', message.destination);
  if (message.reply_serial != 0)
    fields.push_back(header_field(kReplySerial, make_number('u', message.reply_serial)));
  add_text(fields, kSignature, 'g', signature);
  encode(make_array("(yv)", std::move(fields)), out);
  out.resize(padded(out.size()));
  return out + body;
}

Result<size_t> message_length(std::string_view head) {
  if (head.size() < kHeadBytes) return make_error("D-Bus: the message is shorter than a header");
  if (head[0] != 'l') return make_error("D-Bus: a message is not in this machine's byte order");
  const size_t body = little_endian(head.substr(4)), fields = little_endian(head.substr(12));
  const size_t length = padded(kHeadBytes + fields) + body;
  if (length > kMessageBytesMax) return make_error(format("D-Bus: a message of %zu bytes is refused", length));
  return length;
}

Result<Message> decode_message(std::string_view data) {
  if (TRY(message_length(data)) != data.size()) return make_error("D-Bus: the message has the wrong length");
  Message message;
  const auto type = static_cast<uint8_t>(data[1]);
  if (type < 1 || type > 4) return make_error(format("D-Bus: unknown type of message %u", type));
  message.type = static_cast<MessageType>(type);
  message.serial = little_endian(data.substr(8));
  size_t at = kHeadBytes - 4;
  const std::vector<Value> header = TRY(decode("a(yv)", data, at));
  std::string signature;
  for (const Value& field : header[0].items) TRY(take_field(field, message, signature));
  // Alignment within the body counts from the body's start.
  const std::string_view body = data.substr(padded(at));
  size_t used = 0;
  message.body = TRY(decode(signature, body, used));
  if (used != body.size()) return make_error("D-Bus: the message's body is longer than its signature says");
  return message;
}

}  // namespace nemoclaw::dbus
