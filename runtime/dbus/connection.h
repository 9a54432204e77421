// A client's connection to a message bus, or straight to a service that speaks D-Bus on a socket of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/base/fd.h"
#include "runtime/base/result.h"
#include "runtime/dbus/message.h"

namespace nemoclaw::dbus {

// Where to connect. `is_bus`: a bus between us and the service, so that messages name the service and signals have to
// be asked for.
struct Address {
  std::string path;  // of the AF_UNIX socket; a leading '@' is the abstract name space
  bool is_bus = true;
  bool operator==(const Address&) const = default;
};

// The AF_UNIX paths of "unix:path=/run/user/0/bus;unix:abstract=/tmp/x,guid=..", in order. Pure.
std::vector<std::string> unix_paths(std::string_view bus_address);

class Connection {
 public:
  // Connects and authenticates as the calling user (SASL EXTERNAL: the kernel says who that is).
  static Result<Connection> open(const Address& address, const std::string& service);

  // Sends a method call, waits for its reply. An error reply is an Error "NAME: text"; `last_error_name` has its name.
  // Signals that arrive meanwhile are kept for wait_signal.
  Result<Message> call(Message message);
  // The first signal that `wanted` accepts, of those kept and those to come.
  Result<Message> wait_signal(const std::function<bool(const Message&)>& wanted);
  // Asks a bus for the signals that a match rule describes; nothing to do without a bus.
  Result<void> match(const std::string& rule);

  const std::string& last_error_name() const { return last_error_name_; }

 private:
  Connection(Fd socket, bool is_bus, std::string service)
      : socket_(std::move(socket)), is_bus_(is_bus), service_(std::move(service)) {}

  Result<void> authenticate();
  Result<Message> receive();
  Result<void> fill(size_t wanted);
  Result<Message> call_bus(const char* member, std::vector<Value> body);

  Fd socket_;
  bool is_bus_;
  std::string service_;
  std::string received_;  // bytes not yet decoded
  std::vector<Message> signals_;
  std::string last_error_name_;
  uint32_t serial_ = 0;
};

}  // namespace nemoclaw::dbus
