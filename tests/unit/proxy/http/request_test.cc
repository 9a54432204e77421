// The request head, item by item of the attack checklist: what is refused, with which status, and what the
// accepted become. Every case is fed whole, byte by byte, and cut at every position: the answer must be the
// same.
#include "proxy/http/request.h"

#include <gtest/gtest.h>

#include <memory>

namespace nemoclaw::http {
namespace {

struct Outcome {
  RequestParser::State state;
  int status;
  std::string reason, forwarded, rest;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const std::vector<std::string_view>& pieces) {
  RequestParser parser;
  RequestParser::State state = RequestParser::State::NeedMore;
  std::string rest;
  for (std::string_view piece : pieces) {
    if (state == RequestParser::State::NeedMore) state = parser.feed(piece);
    rest += piece;
  }
  const bool refused = state == RequestParser::State::Refused,
             complete = state == RequestParser::State::Complete;
  return Outcome{state, refused ? parser.refusal().status : 0, parser.refusal().reason,
                 complete ? serialise_request(parser.request()) : std::string(),
                 complete ? rest : std::string()};
}

Outcome run_all_ways(const std::string& text) {
  const Outcome whole = run({text});
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < text.size(); ++i) bytes.push_back(std::string_view(text).substr(i, 1));
  EXPECT_TRUE(whole == run(bytes)) << "byte by byte: " << text;
  const size_t step = text.size() > 2000 ? 997 : 1;
  for (size_t cut = 0; cut <= text.size(); cut += step)
    EXPECT_TRUE(whole == run({std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}))
        << cut;
  return whole;
}

const std::string kGet = "GET http://h.test/ HTTP/1.1\r\nHost: h.test\r\n";
const std::string kPost = "POST http://h.test/ HTTP/1.1\r\nHost: h.test\r\n";
const std::string kTunnel = "CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\n";
std::string target(const std::string& text) { return "GET " + text + " HTTP/1.1\r\nHost: h.test\r\n\r\n"; }
std::string tunnel(const std::string& text) {
  return "CONNECT " + text + " HTTP/1.1\r\nHost: h.test\r\n\r\n";
}

struct Refused {
  const char* name;
  std::string text;
  int status = 400;
};

const Refused kRefused[] = {
    {"A1_length_then_encoding", kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"A1_encoding_then_length", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
    {"A2_two_lengths", kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"},
    {"A3_same_length_twice", kPost + "Content-Length: 3\r\ncontent-length: 3\r\n\r\n"},
    {"A4_length_list", kPost + "Content-Length: 5, 5\r\n\r\n"},
    {"A5_plus", kPost + "Content-Length: +5\r\n\r\n"},
    {"A5_minus", kPost + "Content-Length: -1\r\n\r\n"},
    {"A5_hex", kPost + "Content-Length: 0x5\r\n\r\n"},
    {"A5_underscore", kPost + "Content-Length: 5_0\r\n\r\n"},
    {"A5_exponent", kPost + "Content-Length: 1e1\r\n\r\n"},
    {"A5_fraction", kPost + "Content-Length: 5.0\r\n\r\n"},
    {"A5_leading_zero", kPost + "Content-Length: 05\r\n\r\n"},
    {"A5_inner_space", kPost + "Content-Length: 1 0\r\n\r\n"},
    {"A6_empty_length", kPost + "Content-Length:\r\n\r\n"},
    {"A6_blank_length", kPost + "Content-Length:   \r\n\r\n"},
    {"A7_two_to_63", kPost + "Content-Length: 9223372036854775808\r\n\r\n"},
    {"A7_two_to_64", kPost + "Content-Length: 18446744073709551616\r\n\r\n"},
    {"A7_400_digits", kPost + "Content-Length: " + std::string(400, '9') + "\r\n\r\n"},
    {"A8_nbsp", kPost + "Content-Length: 5\xa0\r\n\r\n"},
    {"A8_vertical_tab", kPost + "Content-Length: 5\v\r\n\r\n"},
    {"A8_nul", kPost + std::string("Content-Length: 5\0\r\n\r\n", 22)},
    {"A9_chunked_list", kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {"A9_two_lines", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"A10_gzip", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {"A10_identity", kPost + "Transfer-Encoding: identity\r\n\r\n"},
    {"A10_chunked_identity", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n"},
    {"A11_xchunked", kPost + "Transfer-Encoding: xchunked\r\n\r\n"},
    {"A11_parameter", kPost + "Transfer-Encoding: chunked;q=1\r\n\r\n"},
    {"A11_quoted", kPost + "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {"A11_leading_comma", kPost + "Transfer-Encoding: ,chunked\r\n\r\n"},
    {"A11_trailing_comma", kPost + "Transfer-Encoding: chunked,\r\n\r\n"},
    {"A12_space_before_colon", kPost + "Transfer-Encoding : chunked\r\n\r\n"},
    {"A12_tab_before_colon", kPost + "Transfer-Encoding\t: chunked\r\n\r\n"},
    {"A13_underscore_encoding", kPost + "Transfer_Encoding: chunked\r\n\r\n"},
    {"A13_underscore_length", kPost + "Content_Length: 5\r\n\r\n"},
    {"A14_encoding_in_1_0", "POST http://h.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"A22_two_empty_lines", "\r\n\r\n" + kGet + "\r\n"},
    {"A27_unknown_expect", kPost + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417},
    {"A27_obfuscated_expect", kPost + "Expect: y 100-continue\r\nContent-Length: 1\r\n\r\n", 417},
    {"A29_http_0_9", "GET /\r\n"},
    {"A29_http_1_2", "GET http://h.test/ HTTP/1.2\r\n", 505},
    {"A29_http_2_0", "GET http://h.test/ HTTP/2.0\r\n", 505},
    {"A29_http_1_10", "GET http://h.test/ HTTP/1.10\r\n"},
    {"A29_http_01_1", "GET http://h.test/ HTTP/01.1\r\n"},
    {"A29_lower_case", "GET http://h.test/ http/1.1\r\n"},
    {"A29_trailing_space", "GET http://h.test/ HTTP/1.1 \r\n"},
    {"A29_preface", "PRI * HTTP/2.0\r\n", 505},
    {"A30_separator_in_method", "G(T http://h.test/ HTTP/1.1\r\n"},
    {"A30_long_method", std::string(10240, 'A') + " http://h.test/ HTTP/1.1\r\n"},
    {"A31_tab", "GET\thttp://h.test/ HTTP/1.1\r\n"},
    {"A31_two_spaces", "GET  http://h.test/ HTTP/1.1\r\n"},
    {"A31_form_feed", "GET http://h.test/\f HTTP/1.1\r\n"},
    {"A31_nbsp", "GET\xa0http://h.test/ HTTP/1.1\r\n"},
    {"A32_bare_lf", "GET http://h.test/ HTTP/1.1\nHost: h.test\r\n\r\n"},
    {"A32_bare_lf_field", kGet + "X: y\n\r\n"},
    {"A32_bare_cr_value", kGet + "X: a\rb\r\n\r\n"},
    {"A33_fold_space", kGet + "X: a\r\n b\r\n\r\n"},
    {"A33_fold_length", kPost + "Content-Length:\r\n 5\r\n\r\n"},
    {"A34_first_line_folded", "GET http://h.test/ HTTP/1.1\r\n Host: h.test\r\n\r\n"},
    {"A35_no_colon", kGet + "X\r\n\r\n"},
    {"A35_empty_name", kGet + ": x\r\n\r\n"},
    {"A35_space_in_name", kGet + "X Y: z\r\n\r\n"},
    {"A35_high_byte_in_name", kGet + "X\x80: z\r\n\r\n"},
    {"A35_parenthesis_in_name", kGet + "X(: z\r\n\r\n"},
    {"A36_control_in_value", kGet + "X: a\x01z\r\n\r\n"},
    {"A36_delete_in_value", kGet + "X: a\x7fz\r\n\r\n"},
    {"A37_crlf_cr_x", kGet + "X: y\r\n\rX"},
    {"A37_lf_lf", kGet + "X: y\n\n"},
    {"A38_line_too_long", kGet + "X: " + std::string(17000, 'a') + "\r\n\r\n", 431},
    {"A39_two_hosts", kGet + "Host: h.test\r\n\r\n"},
    {"A39_no_host", "GET http://h.test/ HTTP/1.1\r\n\r\n"},
    {"A39_empty_host", "GET http://h.test/ HTTP/1.1\r\nHost:\r\n\r\n"},
    {"A41_names_host", kGet + "Connection: Host\r\n\r\n"},
    {"A41_names_length", kPost + "Content-Length: 1\r\nConnection: close, Content-Length\r\n\r\n"},
    {"A41_names_encoding", kPost + "Connection: transfer-encoding\r\n\r\n"},
    {"B1_no_port", tunnel("h.test")},
    {"B1_empty_port", tunnel("h.test:")},
    {"B1_port_0", tunnel("h.test:0")},
    {"B1_port_65536", tunnel("h.test:65536")},
    {"B1_port_suffix", tunnel("h.test:443abc")},
    {"B1_port_plus", tunnel("h.test:+443")},
    {"B1_port_padded", tunnel("h.test:00443")},
    {"B2_second_authority", tunnel("h.test:443@evil.test:443")},
    {"B2_userinfo", tunnel("user@h.test:443")},
    {"B3_path", tunnel("h.test:443/x")},
    {"B3_query", tunnel("h.test:443?x")},
    {"B3_scheme", tunnel("http://h.test:443")},
    {"B3_fragment", tunnel("h.test:443#x")},
    {"B4_zone", tunnel("[fe80::1%25eth0]:443")},
    {"B4_unclosed", tunnel("[::1")},
    {"B4_unbracketed", tunnel("::1:443")},
    {"B4_future", tunnel("[v1.x]:443")},
    {"B5_other_host", "CONNECT h.test:443 HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421},
    {"B6_body_length", kTunnel + "Content-Length: 3\r\n\r\n"},
    {"B6_body_chunked", kTunnel + "Transfer-Encoding: chunked\r\n\r\n"},
    {"B10_https", target("https://h.test/")},
    {"B10_ftp", target("ftp://h.test/")},
    {"B10_ws", target("ws://h.test/")},
    {"B10_file", target("file:///etc/passwd")},
    {"B11_userinfo", target("http://u:p@h.test/")},
    {"B11_empty_host", target("http:///x")},
    {"B11_port_only", target("http://:80/")},
    {"B11_backslash", target("http:\\\\h.test")},
    {"B11_backslash_at", target("http://a\\@b/")},
    {"B12_origin_form", target("/x")},
    {"B13_authority_form", target("h.test:80")},
    {"B13_asterisk", "OPTIONS * HTTP/1.1\r\nHost: h.test\r\n\r\n"},
    {"B21_proxy_protocol_1", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"},
    {"B21_proxy_protocol_2", std::string("\r\n\r\n\0\r\nQUIT\n", 12)},
    {"B22_client_hello", std::string("\x16\x03\x01\x02\x00\x01", 6)},
    {"B23_socks5", std::string("\x05\x01\x00", 3)},
    {"B23_socks4", std::string("\x04\x01\x00\x50", 4)},
    {"E11_percent", tunnel("exa%6dple.test:443")},
    {"E12_quote", tunnel("h\"x.test:443")},
    {"F10_fragment", target("http://h.test/a#b")},
    {"F14_long_target", target("http://h.test/" + std::string(9000, 'a')), 414},
    {"F16_two_authorizations", kGet + "Authorization: a\r\nAuthorization: b\r\n\r\n"},
};

class RefusedRequest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRequest, isRefusedHoweverItIsCut) {
  const Outcome outcome = run_all_ways(GetParam().text);
  EXPECT_EQ(outcome.state, RequestParser::State::Refused) << GetParam().text;
  EXPECT_EQ(outcome.status, GetParam().status) << outcome.reason;
  EXPECT_FALSE(outcome.reason.empty());
}

INSTANTIATE_TEST_SUITE_P(Checklist, RefusedRequest, testing::ValuesIn(kRefused),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Request, A38_tooManyFieldsAndTooLargeHead) {
  std::string fields, large;
  for (int i = 0; i < 101; ++i) fields += "X" + std::to_string(i) + ": y\r\n";
  for (int i = 0; i < 6; ++i) large += "Y" + std::to_string(i) + ": " + std::string(12000, 'a') + "\r\n";
  EXPECT_EQ(run_all_ways(kGet + fields + "\r\n").status, 431);
  EXPECT_EQ(run_all_ways(kGet + large + "\r\n").status, 431);
}

struct Accepted {
  const char* name;
  std::string text, forwarded, rest;
};

const Accepted kAccepted[] = {
    {"plain", kGet + "\r\n", "GET / HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"A11_case", kPost + "Transfer-Encoding: Chunked\r\n\r\n",
     "POST / HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", ""},
    {"A22_one_empty_line", "\r\n" + kGet + "\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"A23_surplus_stays", kGet + "\r\nGET http://evil.test/ HTTP/1.1\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", "GET http://evil.test/ HTTP/1.1\r\n"},
    {"A24_get_with_body", kGet + "Content-Length: 2\r\n\r\nab",
     "GET / HTTP/1.1\r\nHost: h.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", "ab"},
    {"A26_expect_is_ours", kPost + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n",
     "POST / HTTP/1.1\r\nHost: h.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", ""},
    {"A40_authority_governs", "GET http://h.test:8080/a?b=%20 HTTP/1.1\r\nHost: evil.test\r\n\r\n",
     "GET /a?b=%20 HTTP/1.1\r\nHost: h.test:8080\r\nConnection: close\r\n\r\n", ""},
    {"A41_nominated_is_stripped", kGet + "X-Secret: 1\r\nConnection: close, X-Secret\r\nX-Kept: 2\r\n\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nX-Kept: 2\r\nConnection: close\r\n\r\n", ""},
    {"A42_hop_by_hop_is_stripped",
     kGet + "Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: "
            "h2c\r\nHTTP2-Settings: x\r\n"
            "Proxy-Authorization: Basic Zm9v\r\nTrailer: X\r\nAccept: */*\r\n\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nAccept: */*\r\nConnection: close\r\n\r\n", ""},
    {"B10_scheme_case", target("HTTP://h.test/x"),
     "GET /x HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"http_1_0_without_host", "GET http://h.test/ HTTP/1.0\r\n\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"query_without_path", target("http://h.test?q"),
     "GET /?q HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"ipv6_authority", target("http://[2001:DB8:0::1]:81/"),
     "GET / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\nConnection: close\r\n\r\n", ""},
    {"options_of_the_server", "OPTIONS http://h.test HTTP/1.1\r\nHost: h.test\r\n\r\n",
     "OPTIONS * HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n", ""},
    {"obs_text_in_value", kGet + "X: caf\xc3\xa9\r\n\r\n",
     "GET / HTTP/1.1\r\nHost: h.test\r\nX: caf\xc3\xa9\r\nConnection: close\r\n\r\n", ""},
};

class AcceptedRequest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedRequest, hasOneCanonicalForm) {
  const Outcome outcome = run_all_ways(GetParam().text);
  ASSERT_EQ(outcome.state, RequestParser::State::Complete) << outcome.reason;
  EXPECT_EQ(outcome.forwarded, GetParam().forwarded);
  EXPECT_EQ(outcome.rest, GetParam().rest);
}

INSTANTIATE_TEST_SUITE_P(Checklist, AcceptedRequest, testing::ValuesIn(kAccepted),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Request, tunnelKeepsEarlyDataApart) {
  RequestParser parser;
  const std::string text = kTunnel + "Proxy-Authorization: Basic Zm9v\r\n\r\n\x16\x03\x01";
  std::string_view input = text;
  ASSERT_EQ(parser.feed(input), RequestParser::State::Complete);
  EXPECT_TRUE(parser.request().is_connect);
  EXPECT_EQ(parser.request().authority.host, "h.test");
  EXPECT_EQ(parser.request().authority.port, 443);
  EXPECT_EQ(input, "\x16\x03\x01");
}

TEST(Request, B4_addressLiteralsAreKeptCanonical) {
  RequestParser parser;
  const std::string text = tunnel("[::FFFF:127.0.0.1]:443");
  std::string_view input = text;
  // Host says h.test, so this one is refused for the disagreement and not for the literal.
  ASSERT_EQ(parser.feed(input), RequestParser::State::Refused);
  EXPECT_EQ(parser.refusal().status, 421);
  EXPECT_EQ(parser.request().authority.host, "::ffff:127.0.0.1");
}

TEST(Request, startedTellsAnIdleConnectionFromARequest) {
  RequestParser parser;
  EXPECT_FALSE(parser.started());
  std::string_view input = "G";
  parser.feed(input);
  EXPECT_TRUE(parser.started());
}

}  // namespace
}  // namespace nemoclaw::http
