#include "policy/model/conflict.h"

#include <gtest/gtest.h>

namespace nemoclaw::policy {
namespace {

Endpoint endpoint(const char* host, uint16_t port = 443) {
  Endpoint made;
  made.host = host;
  made.ports = {port};
  return made;
}

std::string conflict_of(const Endpoint& a, const Endpoint& b) {
  std::vector<NetworkEntry> entries(2);
  entries[0].endpoints = {a};
  entries[1].endpoints = {b};
  const auto conflict = find_conflict(entries);
  return conflict ? conflict->what : "";
}

TEST(Conflict, OverlappingEndpointsMustAgree) {
  const Endpoint plain = endpoint("api.example.test");
  Endpoint other = plain;
  EXPECT_EQ(conflict_of(plain, other), "");
  other.tls = Tls::Passthrough;
  EXPECT_EQ(conflict_of(plain, other), "tls");
  other.ports = {8443};
  EXPECT_EQ(conflict_of(plain, other), "");

  Endpoint wide = endpoint("*.example.test");
  wide.allowed_ips = {"10.0.0.0/8"};
  EXPECT_EQ(conflict_of(plain, wide), "allowed_ips");
  wide.host = "*.example.org";
  EXPECT_EQ(conflict_of(plain, wide), "");
}

TEST(Conflict, RequestsAreComparedPerPath) {
  Endpoint rest = endpoint("api.example.test"), graphql = rest;
  rest.protocol = Protocol::Rest;
  graphql.protocol = Protocol::GraphQl;
  EXPECT_EQ(conflict_of(rest, graphql), "protocol");
  rest.path = "/repos/**";
  graphql.path = "/graphql";
  EXPECT_EQ(conflict_of(rest, graphql), "");
  Endpoint audit = rest;
  audit.enforcement = Enforcement::Audit;
  EXPECT_EQ(conflict_of(rest, audit), "enforcement");
  // tls is needed before any path is known.
  graphql.tls = Tls::Passthrough;
  EXPECT_EQ(conflict_of(rest, graphql), "tls");
}

TEST(Conflict, PlainBesideInspectedIsNone) {
  Endpoint plain = endpoint("api.example.test"), rest = plain;
  rest.protocol = Protocol::Rest;
  rest.enforcement = Enforcement::Audit;
  EXPECT_EQ(conflict_of(plain, rest), "");
}

TEST(Conflict, EndpointsWithoutHostAreLeftOut) {
  Endpoint hostless = endpoint("");
  hostless.allowed_ips = {"10.0.0.0/8"};
  EXPECT_EQ(conflict_of(endpoint("api.example.test"), hostless), "");
}

}  // namespace
}  // namespace nemoclaw::policy
