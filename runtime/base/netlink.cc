#include "runtime/base/netlink.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace nemoclaw {

namespace {

// The kernel's dumps come in 32 KiB at most.
constexpr size_t kBufferSize = size_t{64} << 10;
// What a socket takes without being asked for more (net.core.wmem_default is 208 KiB).
constexpr size_t kSmallBatch = size_t{100} << 10;

void pad(std::string& bytes) { bytes.append((4 - bytes.size() % 4) % 4, '\0'); }

void append_attribute(std::string& bytes, uint16_t type, std::string_view payload) {
  pad(bytes);
  rtattr header = {};
  header.rta_type = type;
  header.rta_len = static_cast<uint16_t>(sizeof header + payload.size());
  bytes.append(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(payload);
}

// Code and sequence number of an error message; code 0 is an acknowledgement.
NetlinkRefusal refusal_of(const NetlinkAnswer& answer) {
  nlmsgerr error = {};
  memcpy(&error, answer.payload.data(), std::min(answer.payload.size(), sizeof error));
  return {-error.error, error.msg.nlmsg_seq};
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags, uint32_t sequence) {
  nlmsghdr header = {};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  fixed(header);
}

NetlinkRequest& NetlinkRequest::raw(std::string_view attributes) {
  pad(bytes_);
  bytes_.append(attributes);
  return *this;
}

NetlinkRequest& NetlinkRequest::attribute(uint16_t type, std::string_view payload) {
  append_attribute(bytes_, type, payload);
  return *this;
}

NetlinkRequest& NetlinkRequest::number(uint16_t type, uint32_t value) {
  return attribute(type, {reinterpret_cast<const char*>(&value), sizeof value});
}

std::string NetlinkRequest::take() {
  pad(bytes_);
  const auto length = static_cast<uint32_t>(bytes_.size());
  memcpy(bytes_.data(), &length, sizeof length);
  return std::move(bytes_);
}

NetlinkAttributeWriter& NetlinkAttributeWriter::put(uint16_t type, std::string_view payload) {
  append_attribute(bytes_, type, payload);
  return *this;
}

NetlinkAttributeWriter& NetlinkAttributeWriter::put_name(uint16_t type, std::string_view name) {
  std::string payload(name);
  payload.push_back('\0');
  return put(type, payload);
}

NetlinkAttributeWriter& NetlinkAttributeWriter::begin(uint16_t type) {
  pad(bytes_);
  open_.push_back(bytes_.size());
  return put(type | NLA_F_NESTED, "");
}

NetlinkAttributeWriter& NetlinkAttributeWriter::end() {
  pad(bytes_);
  const size_t at = open_.back();
  open_.pop_back();
  const auto length = static_cast<uint16_t>(bytes_.size() - at);
  memcpy(bytes_.data() + at, &length, sizeof length);
  return *this;
}

NetlinkAttributeWriter& NetlinkAttributeWriter::append(std::string_view attributes) {
  pad(bytes_);
  bytes_.append(attributes);
  return *this;
}

Result<std::vector<NetlinkAnswer>> parse_netlink(std::string_view datagram) {
  std::vector<NetlinkAnswer> answers;
  while (!datagram.empty()) {
    nlmsghdr header;
    if (datagram.size() < sizeof header) return make_error("netlink: a message is cut off");
    memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size())
      return make_error("netlink: a message has the wrong length");
    answers.push_back({header.nlmsg_type,
                       std::string(datagram.substr(sizeof header, header.nlmsg_len - sizeof header)),
                       header.nlmsg_flags});
    datagram.remove_prefix(std::min<size_t>(datagram.size(), (header.nlmsg_len + 3U) & ~3U));
  }
  return answers;
}

NetlinkAttributes parse_attributes(std::string_view bytes) {
  NetlinkAttributes attributes;
  rtattr header;
  while (bytes.size() >= sizeof header) {
    memcpy(&header, bytes.data(), sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > bytes.size()) break;
    attributes.emplace_back(header.rta_type & NLA_TYPE_MASK,
                            bytes.substr(sizeof header, header.rta_len - sizeof header));
    bytes.remove_prefix(std::min<size_t>(bytes.size(), (header.rta_len + 3U) & ~3U));
  }
  return attributes;
}

Result<Netlink> Netlink::open(int protocol) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return errno_error("netlink: socket");
  // Acknowledgements do not repeat what was sent.
  const int brief = 1;
  static_cast<void>(setsockopt(fd.raw(), SOL_NETLINK, NETLINK_CAP_ACK, &brief, sizeof brief));
  return Netlink(std::move(fd), std::unique_ptr<char[]>(new char[kBufferSize]));
}

Result<void> Netlink::send(const std::string& request) {
  if (::send(socket_.raw(), request.data(), request.size(), 0) < 0) return errno_error("netlink: send");
  return {};
}

// One datagram; "" when there is none and `flags` say not to wait.
Result<std::string_view> Netlink::receive(int flags) {
  ssize_t got;
  do got = recv(socket_.raw(), buffer_.get(), kBufferSize, flags | MSG_TRUNC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::string_view();
  if (got < 0) return errno_error("netlink: receive");
  if (static_cast<size_t>(got) > kBufferSize) return make_error("netlink: an answer is too long");
  return std::string_view(buffer_.get(), static_cast<size_t>(got));
}

// False at the end: an acknowledgement, or the end of a dump.
Result<bool> Netlink::collect(std::vector<NetlinkAnswer>& answers) {
  const std::string_view datagram = TRY(receive(0));
  for (NetlinkAnswer& each : TRY(parse_netlink(datagram))) {
    if (each.flags & NLM_F_DUMP_INTR) return errno_error("netlink: changed while it was read", EINTR);
    if (each.type == NLMSG_DONE) return false;
    if (each.type == NLMSG_ERROR) {
      const NetlinkRefusal refusal = refusal_of(each);
      if (refusal.code != 0) return errno_error("netlink", refusal.code);
      return false;
    }
    answers.push_back(std::move(each));
  }
  return true;
}

Result<void> Netlink::change(const std::string& request) {
  TRY(send(request));
  std::vector<NetlinkAnswer> unused;
  while (TRY(collect(unused))) {
  }
  return {};
}

Result<std::vector<NetlinkAnswer>> Netlink::dump(const std::string& request) {
  TRY(send(request));
  std::vector<NetlinkAnswer> answers;
  while (TRY(collect(answers))) {
  }
  return answers;
}

Result<std::optional<NetlinkRefusal>> Netlink::batch(const std::string& messages) {
  if (messages.size() > kSmallBatch) {
    const int size = static_cast<int>(messages.size() * 2);
    if (setsockopt(socket_.raw(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
      return errno_error("netlink: a buffer for " + std::to_string(messages.size()) + " bytes");
  }
  TRY(send(messages));
  // The kernel has answered when send returns.
  std::optional<NetlinkRefusal> first;
  bool acknowledged = false;
  for (std::string_view datagram; !(datagram = TRY(receive(MSG_DONTWAIT))).empty();)
    for (const NetlinkAnswer& each : TRY(parse_netlink(datagram))) {
      if (each.type != NLMSG_ERROR) continue;
      const NetlinkRefusal refusal = refusal_of(each);
      if (refusal.code == 0) acknowledged = true;
      if (refusal.code != 0 && !first) first = refusal;
    }
  if (!first && !acknowledged) return make_error("netlink: no answer");
  return first;
}

}  // namespace nemoclaw
