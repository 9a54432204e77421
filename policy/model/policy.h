// A NemoClaw policy as plain structs: what the four accepted forms decode into. Every value that a message
// may have to point at carries the line where it was written (1-based; 0 = not written, a default).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nemoclaw::policy {

struct Location {
  uint32_t line = 0;
  uint32_t column = 0;
};

struct Path {
  std::string path;
  Location at;
};

struct FilesystemPolicy {
  bool present = false;
  bool include_workdir = true;  // the reader sets false when the section is present and the key is not
  std::vector<Path> read_only, read_write, no_access;
  std::optional<std::vector<Path>> execute;  // absent: everything readable may be executed
};

struct LandlockPolicy {
  bool hard_requirement = false;  // compatibility: best_effort | hard_requirement
};

enum class SyscallBase : uint8_t { Agent, Docker };

struct ProcessPolicy {
  std::string run_as_user, run_as_group;  // name or decimal id; empty = absent
  Location run_as_user_at, run_as_group_at;
  bool start_as_root = false;
  std::vector<std::string> capabilities;          // "CHOWN" or "CAP_CHOWN" -> normalised "CAP_CHOWN"
  std::vector<std::string> ambient_capabilities;  // from "ambient:NAME"
  uint64_t max_processes = 512;
  std::optional<uint64_t> max_open_files;
  uint64_t max_core_bytes = 0;
  std::string path;  // PATH; empty = default
  std::vector<std::string> keep_environment;
  bool no_new_privileges = true;
  SyscallBase syscalls = SyscallBase::Agent;
  std::vector<std::string> syscalls_allow, syscalls_deny;
};

struct Binary {
  std::string
      path;  // absolute, or starts with "**/"; may hold globs. Basename forms are normalised by the reader
  bool script =
      false;  // written as `script:`: matches a script that the kernel's shebang started, not an executable
  std::string via;     // ancestor pattern, empty = none
  std::string sha256;  // lower-case hex, empty = none
  Location at;
};

enum class Protocol : uint8_t { L4, Rest, WebSocket, GraphQl, Mcp, JsonRpc, Tcp };
enum class Tls : uint8_t { Auto, Passthrough };  // terminate == auto; skip == passthrough
enum class Enforcement : uint8_t { Enforce, Audit };
enum class Access : uint8_t { None, ReadOnly, ReadWrite, Full };

struct QueryRule {
  std::string key;
  std::vector<std::string> any;  // globs; one element for the plain form
};

struct Rule {
  bool deny = false;
  std::string method, path;
  std::vector<QueryRule> query;
  std::string operation_type, operation_name;
  std::vector<std::string> fields;
  std::string tool;
  Location at;
};

struct RateLimits {
  std::optional<uint64_t> requests_per_minute, bytes_out_per_hour, body_bytes_max;
};

struct Endpoint {
  std::string host;             // lower case; empty only with allowed_ips
  std::vector<uint16_t> ports;  // at least one
  std::string path;             // glob that chooses between endpoints; empty = all
  Protocol protocol = Protocol::L4;
  bool protocol_written = false;  // false: implied (lint points it out)
  Tls tls = Tls::Auto;
  Enforcement enforcement = Enforcement::Enforce;
  Access access = Access::None;
  std::vector<Rule> rules, deny_rules;
  std::vector<std::string> allowed_ips;  // CIDRs, normalised
  bool allow_encoded_slash = false;
  bool mcp_known_methods = false;  // mcp: {allow_all_known_mcp_methods: true}
  RateLimits limits;
  Location at;
};

struct NetworkEntry {
  std::string key, name;
  std::vector<Endpoint> endpoints;
  std::optional<std::vector<Binary>> binaries;  // absent: any process of the sandbox
  Location at;
};

struct InboundRule {
  uint16_t port = 0;
  std::string protocol = "tcp";
  std::vector<std::string> from;  // CIDRs; empty = anywhere
  Location at;
};

// The placeholder of one secret becomes the secret in one place of the requests to one host and port.
struct Credential {
  std::string secret;  // its name in the node's store
  std::string host;    // as an endpoint's
  uint16_t port = 443;
  std::string header, query;  // one of these three: a field of the head, a key of the query ...
  bool body = false;          // ... or the body, which is then read whole
  bool plain_http = false;    // without TLS, too
  std::string variable;       // of the container's environment
  Location at;
};

enum class DnsMode : uint8_t { Policy, Open, Off };
enum class ApprovalMode : uint8_t { Off, Ask, Learn };

struct IntegrityFile {
  std::string path, sha256;
  Location at;
};
struct IntegrityLinks {
  std::string directory, must_point_into;
  Location at;
};

struct Integrity {
  std::vector<IntegrityFile> files;
  std::vector<IntegrityLinks> symlinks;
  std::vector<Path> read_only_mounts;
};

struct Ceiling;

struct Policy {
  std::string name;    // file name without .yaml, or the preset's name
  std::string digest;  // "sha256:<hex>" of the text as read
  bool is_preset = false;
  std::string description;
  FilesystemPolicy filesystem;
  LandlockPolicy landlock;
  ProcessPolicy process;
  std::vector<NetworkEntry> network;  // sorted by key
  std::vector<InboundRule> inbound;
  std::vector<Credential> credentials;
  DnsMode dns = DnsMode::Policy;
  ApprovalMode approval = ApprovalMode::Off;
  uint32_t approval_hold_ms = 0;
  std::string approval_lifetime = "sandbox";
  Integrity integrity;
  bool audit_queries_redact = true;
  bool proxy_environment = true;
  bool inference_present = false, privacy_present = false;  // shape-checked only, not enforced yet
  // Set by intersect(): the parts above are narrowed as far as they can be without the image and the
  // requests; what remains is judged by both policies.
  std::shared_ptr<const Ceiling> ceiling;
};

// One thing that a policy asks for and its ceiling does not give, or not wholly.
struct Cut {
  std::string what, why;
};

struct Ceiling {
  Policy policy;
  std::vector<Cut> cuts;
};

}  // namespace nemoclaw::policy
