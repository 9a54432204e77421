#include "runtime/base/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace nemoclaw {

namespace {

constexpr size_t control_bytes = CMSG_SPACE(sizeof(int) * Channel::descriptors_max);

void attach(msghdr& message, char* control, const std::vector<Fd>& descriptors) {
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
  for (size_t i = 0; i < descriptors.size(); ++i) {
    const int raw = descriptors[i].raw();
    memcpy(CMSG_DATA(header) + i * sizeof raw, &raw, sizeof raw);
  }
}

std::vector<Fd> take_descriptors(msghdr& message) {
  std::vector<Fd> descriptors;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return descriptors;
  const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; ++i) {
    int raw = -1;
    memcpy(&raw, CMSG_DATA(header) + i * sizeof raw, sizeof raw);
    descriptors.emplace_back(raw);
  }
  return descriptors;
}

}  // namespace

Result<void> Channel::send(uint32_t kind, std::string_view payload,
                           const std::vector<Fd>& descriptors) const {
  payload = payload.substr(0, payload_bytes_max);
  iovec parts[2] = {{&kind, sizeof kind}, {const_cast<char*>(payload.data()), payload.size()}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  alignas(cmsghdr) char control[control_bytes] = {};
  if (descriptors.size() > descriptors_max) return make_error("send message: too many descriptors");
  if (!descriptors.empty()) attach(message, control, descriptors);
  for (;;) {
    if (sendmsg(socket_.raw(), &message, MSG_NOSIGNAL) >= 0) return {};
    if (errno != EINTR) return errno_error("send message");
  }
}

Result<std::optional<Channel::Message>> Channel::receive() const {
  Message received;
  // Not cleared: of the room for the longest message the kernel touches what it writes, a page at most times.
  const auto text = std::make_unique_for_overwrite<char[]>(payload_bytes_max);
  iovec parts[2] = {{&received.kind, sizeof received.kind}, {text.get(), payload_bytes_max}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  alignas(cmsghdr) char control[control_bytes] = {};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length;
  // A peer that died with our message unread resets the connection, once; what it sent before is still to be
  // read.
  do length = recvmsg(socket_.raw(), &message, MSG_CMSG_CLOEXEC);
  while (length < 0 && (errno == EINTR || errno == ECONNRESET));
  if (length == 0) return std::optional<Message>();
  if (length < 0) return errno_error("receive message");
  received.descriptors = take_descriptors(message);
  if ((message.msg_flags & MSG_CTRUNC) != 0) return make_error("receive message: descriptors were lost");
  if (static_cast<size_t>(length) < sizeof received.kind) return make_error("malformed message");
  received.payload.assign(text.get(), static_cast<size_t>(length) - sizeof received.kind);
  return std::optional<Message>(std::move(received));
}

Result<ChannelPair> make_channel_pair() {
  int raw[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) != 0) return errno_error("socketpair");
  return ChannelPair{Channel(Fd(raw[0])), Channel(Fd(raw[1]))};
}

Result<void> send_descriptor(FdRef socket, FdRef descriptor, std::string_view text) {
  char byte = 0;
  iovec part = {text.empty() ? &byte : const_cast<char*>(text.data()), std::max<size_t>(text.size(), 1)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int raw = descriptor.raw();
  memcpy(CMSG_DATA(header), &raw, sizeof raw);
  for (;;) {
    if (sendmsg(socket.raw(), &message, MSG_NOSIGNAL) >= 0) return {};
    if (errno != EINTR) return errno_error("send descriptor");
  }
}

Result<Fd> receive_descriptor(FdRef socket) {
  char text[4096];
  iovec part = {text, sizeof text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t length;
  do length = recvmsg(socket.raw(), &message, MSG_CMSG_CLOEXEC);
  while (length < 0 && errno == EINTR);
  if (length < 0) return errno_error("receive descriptor");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return make_error("receive descriptor: the message carries none");
  int raw = -1;
  memcpy(&raw, CMSG_DATA(header), sizeof raw);
  return Fd(raw);
}

}  // namespace nemoclaw
