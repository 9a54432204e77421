#include "proxy/tls/sniff.h"

#include <gtest/gtest.h>

#include "tests/unit/proxy/tls/hello_bytes.h"

namespace nemoclaw::tls {
namespace {

std::string describe(const Sniffer& sniffer) {
  const Sniffed& sniffed = sniffer.result();
  std::string text = sniffer.needs_more() ? "more " : "";
  text += protocol_name(sniffed.protocol);
  if (!sniffed.name.empty()) text += " " + sniffed.name;
  if (!sniffed.malformed.empty()) text += " malformed: " + sniffed.malformed;
  return text;
}

std::string sniff(std::string_view bytes, bool ends = false) {
  Sniffer sniffer;
  sniffer.feed(bytes);
  if (ends) sniffer.end();
  return describe(sniffer);
}

// The same answer at every cut into two, and byte by byte.
void expect_sniff(std::string_view bytes, const std::string& expected) {
  EXPECT_EQ(sniff(bytes), expected);
  Sniffer bytewise;
  size_t used = 0;
  while (used < bytes.size() && bytewise.feed(bytes.substr(used, 1))) ++used;
  EXPECT_EQ(describe(bytewise), expected) << "byte by byte";
  for (size_t cut = 0; cut <= bytes.size() && bytes.size() < 2000; ++cut) {
    Sniffer halves;
    if (halves.feed(bytes.substr(0, cut))) halves.feed(bytes.substr(cut));
    EXPECT_EQ(describe(halves), expected) << "cut at " << cut;
  }
}

TEST(Sniff, findsTheNameOfATlsClient) {
  expect_sniff(hello_for("allowed.test"), "TLS allowed.test");
  expect_sniff(records(hello_message("")), "TLS");
  Sniffer sniffer;
  sniffer.feed(
      records(hello_message(alpn({"h2", "http/1.1"}) + server_name("a.test") +
                            extension(43, with_length("\x03\x04\x03\x03", 1)) + extension(0xfe0d, "x"))));
  EXPECT_EQ(describe(sniffer), "TLS a.test");
  EXPECT_EQ(sniffer.result().hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(sniffer.result().hello.versions, (std::vector<uint16_t>{0x0304, 0x0303}));
  EXPECT_TRUE(sniffer.result().hello.has_ech);
}

TEST(Sniff, C5_aHelloOverManyRecordsAndOfManyKilobytes) {
  const std::string big = extension(51, std::string(20'000, 'k'));  // as post-quantum key shares would be
  for (const size_t fragment : {size_t{1}, size_t{7}, size_t{300}, size_t{16384}})
    EXPECT_EQ(sniff(records(hello_message(server_name("pq.test") + big), fragment)), "TLS pq.test")
        << fragment;
  EXPECT_EQ(sniff(records(std::string("\x01\x01\x00\x00", 4))),
            "TLS malformed: a ClientHello of more than 64 KiB");
}

TEST(Sniff, refusesHellosThatTwoReadersCouldReadDifferently) {
  const std::string zero(1, '\0');
  const struct {
    std::string bytes;
    const char* expected;
  } cases[] = {
      {records(hello_message(server_name("a.test") + server_name("b.test"))), "an extension appears twice"},
      {records(hello_message(
           extension(0, with_length(zero + with_length("a", 2) + zero + with_length("b", 2), 2)))),
       "two host names in server_name"},
      {records(hello_message(server_name(""))), "an empty host name in server_name"},
      {records(hello_message(extension(0, "\x01"))), "server_name cannot be read"},
      {records(hello_message(server_name("a.test") + "\x01")), "the extensions cannot be read"},
      {records(hello_message(extension(16, with_length(zero, 2)))), "a bad list of protocols (ALPN)"},
      {records(std::string("\x02\x00\x00\x00", 4)), "a handshake that does not begin with a ClientHello"},
      {std::string("\x16\x03\x01\x00\x00", 5), "a record of a forbidden length"},
      {std::string("\x16\x03\x01\x40\x01", 5), "a record of a forbidden length"},
      {records(hello_message("").substr(0, 20), 20) + "\x15\x03\x01", "a record that is not a handshake"},
      {records(std::string("\x01\x00\x00\x02\x03\x03", 6)), "the ClientHello is cut short"},
  };
  for (const auto& each : cases) expect_sniff(each.bytes, std::string("TLS malformed: ") + each.expected);
}

TEST(Sniff, findsTheHostOfARequest) {
  expect_sniff("GET / HTTP/1.1\r\nAccept: */*\r\nHost: allowed.test:8080\r\n\r\n",
               "HTTP/1 allowed.test:8080");
  expect_sniff("OPTIONS * HTTP/1.1\r\nhost: a.test\r\n\r\nmore", "HTTP/1 a.test");
  expect_sniff("GET / HTTP/1.0\r\n\r\n", "HTTP/1");
  // To another proxy: its destination is not this connection's.
  expect_sniff("CONNECT other.test:443 HTTP/1.1\r\nHost: other.test\r\n\r\n", "HTTP/1");
  expect_sniff("GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n", "HTTP/1");
  expect_sniff("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1 b malformed: more than one Host");
  expect_sniff("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "HTTP/1 malformed: header name 'Host ' is not a token");
  expect_sniff("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
               "HTTP/1 malformed: a header line that is too long or does not end with CR LF");
}

TEST(Sniff, otherProtocolsAreKnownByTheirFirstBytes) {
  expect_sniff("SSH-2.0-OpenSSH_9.2\r\n", "an unknown protocol");
  expect_sniff("SET key value\r\n", "an unknown protocol");
  expect_sniff(std::string("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8),
               "an unknown protocol");  // psql: may we speak TLS?
  expect_sniff("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2");
  expect_sniff("PRINT me\r\n", "an unknown protocol");
  EXPECT_EQ(sniff("GE"), "more an unknown protocol");
  EXPECT_EQ(sniff("GE", true), "an unknown protocol");
  EXPECT_EQ(sniff("GET something", true), "an unknown protocol");
  EXPECT_EQ(sniff("", true), "an unknown protocol");
  EXPECT_EQ(sniff("GET / HTTP/1.1\r\nHost: a", true),
            "HTTP/1 malformed: its request head ended in the middle");
  EXPECT_EQ(sniff(hello_for("a.test").substr(0, 30), true),
            "TLS malformed: its ClientHello ended in the middle");
}

TEST(Sniff, B21_B23_greetingsOfOtherProxies) {
  expect_sniff("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "the PROXY protocol");
  expect_sniff(std::string_view("\r\n\r\n\0\r\nQUIT\n\x21", 13), "the PROXY protocol");
  expect_sniff(std::string("\x05\x01\x00", 3), "SOCKS");
  expect_sniff(std::string("\x04\x01\x00\x50", 4), "SOCKS");
}

TEST(Sniff, keepsEveryByteForTheOrigin) {
  const std::string hello = hello_for("a.test") + "early";
  Sniffer sniffer;
  EXPECT_TRUE(sniffer.feed(std::string_view(hello).substr(0, 10)));
  EXPECT_FALSE(sniffer.feed(std::string_view(hello).substr(10)));
  EXPECT_EQ(sniffer.take_bytes(), hello);
}

TEST(Sniff, anEndlessHeadEnds) {
  Sniffer sniffer;
  sniffer.feed("GET / HTTP/1.1\r\n");
  const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
  size_t fed = 0;
  while (sniffer.feed(line) && fed < (1 << 20)) fed += line.size();
  EXPECT_LT(fed, 2 * kHelloBytesMax);
  EXPECT_FALSE(sniffer.result().malformed.empty());
}

TEST(Alert, isAFatalRecord) {
  EXPECT_EQ(render_alert(Alert::AccessDenied), std::string("\x15\x03\x03\x00\x02\x02\x31", 7));
}

}  // namespace
}  // namespace nemoclaw::tls
