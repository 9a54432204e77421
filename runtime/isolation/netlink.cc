#include "runtime/isolation/netlink.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nemoclaw::isolation {

namespace {

void pad(std::string& bytes) { bytes.append((4 - bytes.size() % 4) % 4, '\0'); }

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) {
  nlmsghdr header = {};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = 1;
  fixed(header);
}

NetlinkRequest& NetlinkRequest::attribute(uint16_t type, std::string_view payload) {
  pad(bytes_);
  rtattr header = {};
  header.rta_type = type;
  header.rta_len = static_cast<uint16_t>(sizeof header + payload.size());
  fixed(header);
  bytes_.append(payload);
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

Result<std::vector<NetlinkAnswer>> parse_netlink(std::string_view datagram) {
  std::vector<NetlinkAnswer> answers;
  while (!datagram.empty()) {
    nlmsghdr header;
    if (datagram.size() < sizeof header) return make_error("netlink: a message is cut off");
    memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size())
      return make_error("netlink: a message has the wrong length");
    answers.push_back({header.nlmsg_type,
                       std::string(datagram.substr(sizeof header, header.nlmsg_len - sizeof header))});
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

Result<Netlink> Netlink::open() {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return errno_error("netlink: socket");
  return Netlink(std::move(fd));
}

// False at the end: an acknowledgement, or the end of a dump.
Result<bool> Netlink::receive(std::vector<NetlinkAnswer>& answers) {
  std::string buffer(size_t{64} << 10, '\0');
  ssize_t got;
  do got = recv(socket_.raw(), buffer.data(), buffer.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno_error("netlink: receive");
  buffer.resize(static_cast<size_t>(got));
  for (NetlinkAnswer& each : TRY(parse_netlink(buffer))) {
    if (each.type == NLMSG_DONE) return false;
    if (each.type == NLMSG_ERROR) {
      int cause = 0;
      if (each.payload.size() >= sizeof cause) memcpy(&cause, each.payload.data(), sizeof cause);
      if (cause != 0) return errno_error("netlink", -cause);
      return false;
    }
    answers.push_back(std::move(each));
  }
  return true;
}

Result<void> Netlink::change(const std::string& request) {
  if (send(socket_.raw(), request.data(), request.size(), 0) < 0) return errno_error("netlink: send");
  std::vector<NetlinkAnswer> unused;
  while (TRY(receive(unused))) {
  }
  return {};
}

Result<std::vector<NetlinkAnswer>> Netlink::dump(const std::string& request) {
  if (send(socket_.raw(), request.data(), request.size(), 0) < 0) return errno_error("netlink: send");
  std::vector<NetlinkAnswer> answers;
  while (TRY(receive(answers))) {
  }
  return answers;
}

}  // namespace nemoclaw::isolation
