#include "net/http_codec.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::net {
namespace {

// What a head came to. A head that is not complete has status 0, a sound one 200.
struct Verdict {
  int status = 0;
  std::size_t bytes = 0;
};

Verdict judge_request(std::string_view bytes, const HeadLimits& limits = {}) {
  RequestHead head;
  const Result<std::size_t> size = parse_request_head(bytes, limits, head);
  if (!size) return {.status = error_status(size.error().code)};
  return {.status = *size == 0 ? 0 : 200, .bytes = *size};
}

Verdict judge_response(std::string_view bytes, const HeadLimits& limits = {}) {
  ResponseHead head;
  const Result<std::size_t> size = parse_response_head(bytes, limits, head);
  if (!size) return {.status = error_status(size.error().code)};
  return {.status = *size == 0 ? 0 : 200, .bytes = *size};
}

// A sound head: no beginning of it is refused or taken for a whole one, and bytes behind it change
// nothing.
template <class Judge>
void expect_taken(Judge judge, std::string_view text) {
  SCOPED_TRACE(testing::PrintToString(text));
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
    ASSERT_EQ(judge(text.substr(0, bytes)).status, 0) << "after " << bytes << " bytes";
  }
  for (const std::string_view rest : {"", "GET", "\r\n", "\n", "{}"}) {
    const Verdict verdict = judge(std::string(text) + std::string(rest));
    ASSERT_EQ(verdict.status, 200);
    ASSERT_EQ(verdict.bytes, text.size());
  }
}

// A head that is refused with `status`: no beginning is taken, and once refused always refused.
template <class Judge>
void expect_refused_with(Judge judge, int status, std::string_view text) {
  SCOPED_TRACE(testing::PrintToString(text));
  bool refused = false;
  for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
    const int seen = judge(text.substr(0, bytes)).status;
    ASSERT_NE(seen, 200) << "after " << bytes << " bytes";
    if (refused) ASSERT_NE(seen, 0) << "after " << bytes << " bytes";
    refused = seen != 0;
  }
  EXPECT_EQ(judge(text).status, status);
}

void takes(std::string_view text) {
  expect_taken([](std::string_view bytes) { return judge_request(bytes); }, text);
}
void refuses(std::string_view text, int status = 400) {
  expect_refused_with([](std::string_view bytes) { return judge_request(bytes); }, status, text);
}
void takes_response(std::string_view text) {
  expect_taken([](std::string_view bytes) { return judge_response(bytes); }, text);
}
void refuses_response(std::string_view text) {
  expect_refused_with([](std::string_view bytes) { return judge_response(bytes); }, 502, text);
}

// A POST with these field lines behind its Host.
std::string post(std::string_view lines) {
  return "POST /v1 HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}
std::string get(std::string_view lines) {
  return "GET /v1 HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}
std::string ok(std::string_view lines) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n";
}

RequestHead read(std::string_view text) {
  RequestHead head;
  const Result<std::size_t> size = parse_request_head(text, {}, head);
  EXPECT_TRUE(size.has_value()) << testing::PrintToString(text);
  return head;
}

ResponseHead read_response(std::string_view text) {
  ResponseHead head;
  const Result<std::size_t> size = parse_response_head(text, {}, head);
  EXPECT_TRUE(size.has_value()) << testing::PrintToString(text);
  return head;
}

TEST(RequestHeadTest, HandsOutEveryPartAsViewsIntoTheBytes) {
  const std::string text =
      "POST /v1/chat?x=1 HTTP/1.1\r\nHost: a.example:8080\r\nX-Note: \t two words\t \r\n"
      "X-Empty:\r\nContent-Length: 12\r\n\r\nbody";
  const RequestHead head = read(text);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/chat?x=1");
  EXPECT_EQ(head.path(), "/v1/chat");
  EXPECT_EQ(head.query(), "x=1");
  EXPECT_EQ(head.minor_version, 1);
  ASSERT_EQ(head.fields.size(), 4U);
  EXPECT_EQ(head.find("x-NOTE"), "two words");
  EXPECT_NE(head.find("x-empty").data(), nullptr);
  EXPECT_EQ(head.find("absent").data(), nullptr);
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_EQ(head.content_length, 12U);
  for (const Field& field : head.fields) {
    EXPECT_GE(field.name.data(), text.data());
    EXPECT_LE(field.value.data() + field.value.size(), text.data() + text.size());
  }
}

TEST(RequestHeadTest, DropsWhatTheHeadHeldBefore) {
  const std::string first =
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
      "Content-Length: 5\r\n\r\n";
  const std::string second = "GET /b HTTP/1.1\r\nHost: b\r\n\r\n";
  RequestHead head;
  ASSERT_TRUE(parse_request_head(first, {}, head).has_value());
  ASSERT_TRUE(parse_request_head(second, {}, head).has_value());
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expect_continue);
}

TEST(RequestHeadTest, TakesOneEmptyLineBeforeTheRequestAndNoMore) {
  takes("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses(" \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(RequestHeadTest, Rule1RefusesControlBytesEverywhereInTheHead) {
  takes(get("X: tab\tinside\r\n"));
  takes(get("X: \x80\xff obs-text\r\n"));
  for (int byte = 0; byte < 0x20; ++byte) {
    if (byte == '\t' || byte == '\r' || byte == '\n') continue;
    const std::string bad(1, static_cast<char>(byte));
    refuses(get("X: a" + bad + "b\r\n"));
    refuses(get("X" + bad + ": a\r\n"));
    refuses("GET /" + bad + " HTTP/1.1\r\nHost: a\r\n\r\n");
    refuses("GET" + bad + " / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  refuses(get("X: a\x7f\r\n"));
  refuses(get("X\x7f: a\r\n"));
}

TEST(RequestHeadTest, Rule2RefusesABareCarriageReturn) {
  refuses(get("X: a\rb\r\n"));
  refuses(get("X: a\r\rb\r\n"));
  refuses(get("X: a\r\r\n"));
  refuses(get("X\r: a\r\n"));
  refuses("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n");
  refuses("GET / HTTP/1.1\rHost: a\r\n\r\n");
}

TEST(RequestHeadTest, Rule3RefusesABareLineFeed) {
  refuses(get("X: a\nY: b\r\n"));
  refuses("GET / HTTP/1.1\nHost: a\r\n\r\n");
  refuses("GET / HTTP/1.1\r\nHost: a\n\r\n");
  refuses("GET / HTTP/1.1\r\nHost: a\r\n\n");
}

TEST(RequestHeadTest, Rule4RefusesFoldedLines) {
  refuses(get("X: a\r\n b\r\n"));
  refuses(get("X: a\r\n\tb\r\n"));
  refuses("GET / HTTP/1.1\r\n Host: a\r\n\r\n");
  refuses("GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n");
}

TEST(RequestHeadTest, Rule5RefusesFieldsWithoutAName) {
  takes(get("X:\r\n"));
  takes(get("X: :\r\n"));
  refuses(get(": a\r\n"));
  refuses(get("X: a\r\n:b\r\n"));
  refuses(get("no colon\r\n"));
  refuses(get("nocolon\r\n"));
}

TEST(RequestHeadTest, FieldNamesAreTokensUpToTheirColon) {
  takes(get("!#$%&'*+-.^_`|~09azAZ: a\r\n"));
  for (const std::string_view name : {"X ", "X\t", "X Y", "X(", "X@", "X\"", "X\x80", "X/"}) {
    refuses(get(std::string(name) + ": a\r\n"));
  }
}

TEST(RequestHeadTest, Rule6RefusesTabsInTheRequestLine) {
  refuses("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("GET / HTTP/1.1\t\r\nHost: a\r\n\r\n");
}

TEST(RequestHeadTest, Rule7TakesOnlyMethodTargetAndVersionWithSingleSpaces) {
  takes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  takes("GET / HTTP/1.0\r\n\r\n");
  for (const std::string_view line :
       {"GET /", "GET / ", "GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1",
        "GET / HTTP/1.1 ", "GET / HTTP/1.1 HTTP/1.1", "GET  HTTP/1.1", "GET / http/1.1",
        "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / HTTP/2.0", "GET / HTTP/1.10", "GET / HTTP/11",
        "GET / HTTP/1", "GET / HTTPS/1.1", "GET / RTSP/1.0", "/ HTTP/1.1", "GET /a b HTTP/1.1"}) {
    refuses(std::string(line) + "\r\nHost: a\r\n\r\n");
  }
}

TEST(RequestHeadTest, TargetsAreAPathAnHttpUrlOrTheStarOfOptions) {
  takes("GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n");
  takes("GET http://a.example:80/b HTTP/1.1\r\nHost: a\r\n\r\n");
  takes("GET HTTPS://a.example HTTP/1.1\r\nHost: a\r\n\r\n");
  takes("GET //a HTTP/1.1\r\nHost: a\r\n\r\n");
  takes("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const std::string_view target :
       {"*", "a", "a.example:80", "http://", "http:///a", "http://?a", "ftp://a/b", "mailto:a",
        "?a", "#a", "/\x80", "/a\"\xc3\xa9"}) {
    refuses("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
}

TEST(RequestHeadTest, RefusesTheHttp2PrefaceAndTlsRecordsAtOnce) {
  EXPECT_EQ(judge_request("PRI * HTTP/2").status, 400);
  EXPECT_EQ(judge_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 400);
  EXPECT_EQ(judge_request("\x16\x03\x01").status, 400);
}

TEST(RequestHeadTest, AnswersUnknownMethodsAsNotImplemented) {
  refuses("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  refuses("get / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
  refuses("GE / HTTP/1.1\r\nHost: a\r\n\r\n", 501);
}

TEST(RequestHeadTest, RefusesConnect) {
  refuses("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n");
  refuses("CONNECT /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
}

TEST(RequestHeadTest, Rule8WantsExactlyOneHostThatCouldBeOne) {
  takes("GET / HTTP/1.1\r\nhOST: [::1]:8080\r\n\r\n");
  takes("GET / HTTP/1.1\r\nHost:\r\n\r\n");
  takes("GET / HTTP/1.0\r\nAccept: */*\r\n\r\n");
  refuses("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n");
  refuses("GET / HTTP/1.1\r\n\r\n");
  refuses("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
  refuses("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n");
  for (const char bad : std::string_view("/?#@\\,<>\"{}|^` \t\x80\xff")) {
    refuses("GET / HTTP/1.1\r\nHost: a" + std::string(1, bad) + "b\r\n\r\n");
  }
}

TEST(RequestHeadTest, Rule9RefusesNamesThatSpellAFramingField) {
  for (const std::string_view name :
       {"Content_Length", "ContentLength", "Content--Length", "Content-Length1", "content.length",
        "Transfer_Encoding", "TransferEncoding", "Transfer---Encoding", "trans-fer-enc-oding",
        "Transfer-Encoding-"}) {
    refuses(post(std::string(name) + ": 0\r\n"));
  }
  takes(post("X-Content-Length: 5\r\n"));
  takes(post("Content-Lengths: 5\r\n"));
  takes(post("Content-Encoding: gzip\r\n"));
}

TEST(RequestHeadTest, Rule10RefusesTransferEncodingBesideContentLength) {
  refuses(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"));
  refuses(post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"));
}

TEST(RequestHeadTest, Rule11RefusesTransferEncodingOnHttp10) {
  takes("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n");
  refuses("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(RequestHeadTest, Rule12TakesOneChunkedAsTheLastCoding) {
  takes(post("Transfer-Encoding: chunked\r\n"));
  takes(post("transfer-encoding:\t CHUNKED \r\n"));
  EXPECT_EQ(read(post("Transfer-Encoding: chunked\r\n")).framing, Framing::kChunked);
  for (const std::string_view value :
       {"", ",", "chunked,", ",chunked", "chunked, chunked", "chunked, gzip", "gzip", "identity",
        "xchunked", "chunkedx", "chunked;a=b", "\"chunked\"", "chunked chunked",
        "gzip;q=1, chunked", "gzip, , chunked",
        "\x0b"
        "chunked"}) {
    refuses(post("Transfer-Encoding: " + std::string(value) + "\r\n"));
  }
  refuses(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"));
  refuses(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"));
  refuses(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"));
}

TEST(RequestHeadTest, Rule12NeverHandsOutABodyInACodingThatIsNotDecoded) {
  for (const std::string_view lines :
       {"Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n"}) {
    takes(post(lines));
    const std::string text = post(lines);
    const RequestHead head = read(text);
    EXPECT_EQ(head.framing, Framing::kCoded);
    BodyDecoder decoder(head);
    EXPECT_FALSE(decoder.done());
    const Result<BodyDecoder::Piece> piece = decoder.next("0\r\n\r\n");
    ASSERT_FALSE(piece.has_value());
    EXPECT_EQ(piece.error().code, ErrorCode::kNotImplemented);
    EXPECT_FALSE(decoder.done());
  }
  refuses(post("Transfer-Encoding: brotli, chunked\r\n"), 501);
}

TEST(RequestHeadTest, Rule13RefusesARepeatedContentLength) {
  refuses(post("Content-Length: 5\r\nContent-Length: 5\r\n"));
  refuses(post("Content-Length: 5\r\ncontent-length: 6\r\n"));
  refuses(post("Content-Length: 5, 5\r\n"));
}

TEST(RequestHeadTest, Rule14TakesAContentLengthOf1To18Digits) {
  takes(post("Content-Length: 999999999999999999\r\n"));
  EXPECT_EQ(read(post("Content-Length: 999999999999999999\r\n")).content_length,
            999'999'999'999'999'999U);
  for (const std::string_view value :
       {"", "+5", "-5", "5.0", "0x5", "5 5", "5a", "1234567890123456789", "18446744073709551616",
        "0000000000000000005", "\xd9\xa5"}) {
    refuses(post("Content-Length: " + std::string(value) + "\r\n"));
  }
}

TEST(RequestHeadTest, Rule15RefusesBodiesOnGetAndHead) {
  takes(get("Content-Length: 0\r\n"));
  takes("DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  refuses(get("Content-Length: 1\r\n"));
  refuses(get("Transfer-Encoding: chunked\r\n"));
  refuses("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
  refuses("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(RequestHeadTest, Rule16TakesExactlyAsManyFieldsAsTheLimit) {
  std::string lines;
  for (int i = 0; i < 99; ++i) lines += "X: a\r\n";
  EXPECT_EQ(judge_request(get(lines)).status, 200);
  EXPECT_EQ(judge_request(get(lines + "X: a\r\n")).status, 400);
  // It does not wait for the end of such a head.
  EXPECT_EQ(judge_request("GET / HTTP/1.1\r\n" + lines + "X: a\r\nX: a\r\n").status, 400);
}

TEST(RequestHeadTest, Rule16TakesAHeadOfExactlyTheLimit) {
  const std::size_t empty = get("X: \r\n").size();
  const std::string full = get("X: " + std::string(kHeadBytesMax - empty, 'a') + "\r\n");
  ASSERT_EQ(full.size(), kHeadBytesMax);
  EXPECT_EQ(judge_request(full).status, 200);
  EXPECT_EQ(judge_request(full + "body").status, 200);
  EXPECT_EQ(judge_request(std::string_view(full).substr(0, full.size() - 1)).status, 0);
  const std::string over = get("X: " + std::string(kHeadBytesMax - empty + 1, 'a') + "\r\n");
  EXPECT_EQ(judge_request(over).status, 400);
  // Unfinished at the limit: nothing that follows could end it in time.
  EXPECT_EQ(judge_request(std::string_view(over).substr(0, kHeadBytesMax)).status, 400);
  EXPECT_EQ(judge_request(std::string_view(over).substr(0, kHeadBytesMax - 1)).status, 0);
  EXPECT_EQ(judge_request(full, {.bytes = 1024, .fields = 10}).status, 400);
}

TEST(RequestHeadTest, RefusesAMalformedBeginningWithoutWaitingForItsEnd) {
  const std::string begin = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const std::string& text : {begin + "X: a\n",
                                  begin + "X: a" + std::string(1, '\0'),
                                  begin + "X: a\r\n ",
                                  begin + "X: a\r\n\t",
                                  begin + ":",
                                  begin + "X ",
                                  begin + "X\x01",
                                  begin + "X: \x7f",
                                  begin + "X: a\rb",
                                  begin + "nocolon\r",
                                  begin + "\rX",
                                  std::string("GET /a b"),
                                  std::string("GET / HTTP/1.1 "),
                                  std::string("GET / HTTP/3"),
                                  std::string("GET\t"),
                                  std::string("GET / HTTP/1.1\n"),
                                  std::string("GET /\x80"),
                                  std::string("("),
                                  std::string("\r\n\r"),
                                  std::string("GET /\r")}) {
    EXPECT_EQ(judge_request(text).status, 400) << testing::PrintToString(text);
  }
}

TEST(RequestHeadTest, RefusesHeadsThatItsTwoParsersReadDifferently) {
  // Our scan trims a HTAB behind a value, llhttp does not behind these two.
  takes(post("X: 5\t\r\n"));
  refuses(post("Content-Length: 5\t\r\n"));
  refuses(post("Transfer-Encoding: chunked\t\r\n"));
  // Methods of RTSP and the first line of HTTP/2.
  refuses("DESCRIBE /a HTTP/1.1\r\nHost: a\r\n\r\n");
  refuses("PRI /a HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(RequestHeadTest, KeepsTheConnectionAsConnectionAndVersionSay) {
  EXPECT_TRUE(read(get("")).keep_alive);
  EXPECT_FALSE(read(get("Connection: close\r\n")).keep_alive);
  EXPECT_FALSE(read(get("Connection: x, CLOSE , y\r\n")).keep_alive);
  EXPECT_FALSE(read(get("Connection: keep-alive\r\nConnection: close\r\n")).keep_alive);
  EXPECT_TRUE(read(get("Connection: closed\r\n")).keep_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(RequestHeadTest, ExpectsContinueOnlyForExactly100ContinueOnHttp11) {
  EXPECT_TRUE(read(post("Expect: 100-Continue\r\nContent-Length: 1\r\n")).expect_continue);
  EXPECT_FALSE(read(post("Expect: 100-continue, x\r\nContent-Length: 1\r\n")).expect_continue);
  EXPECT_FALSE(read(post("Expect: 200-ok\r\nContent-Length: 1\r\n")).expect_continue);
  EXPECT_FALSE(
      read("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").expect_continue);
}

TEST(RequestHeadTest, NeverHonoursAnUpgrade) {
  const std::string text = post(
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
      "Content-Length: 5\r\n");
  takes(text);
  const RequestHead head = read(text);
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_TRUE(head.keep_alive);
}

TEST(ResponseHeadTest, HandsOutStatusFieldsAndFraming) {
  const std::string text = ok("Content-Type: a/b\r\nContent-Length: 7\r\n");
  takes_response(text);
  const ResponseHead head = read_response(text);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.find("content-type"), "a/b");
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_EQ(head.content_length, 7U);
  EXPECT_TRUE(head.keep_alive);
}

TEST(ResponseHeadTest, FramesByLengthChunksOrClose) {
  EXPECT_EQ(read_response(ok("Transfer-Encoding: chunked\r\n")).framing, Framing::kChunked);
  EXPECT_EQ(read_response(ok("Content-Length: 0\r\n")).framing, Framing::kNone);
  const std::string unframed = ok("");
  EXPECT_EQ(read_response(unframed).framing, Framing::kUntilClose);
  EXPECT_FALSE(read_response(unframed).keep_alive);
  for (const std::string_view status :
       {"100 Continue", "103 Early Hints", "204 No Content", "304 Not Modified"}) {
    const std::string text = "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n";
    takes_response(text);
    EXPECT_EQ(read_response(text).framing, Framing::kNone) << status;
  }
}

TEST(ResponseHeadTest, KeepsTheConnectionAsConnectionAndVersionSay) {
  EXPECT_FALSE(read_response(ok("Connection: close\r\nContent-Length: 1\r\n")).keep_alive);
  EXPECT_FALSE(read_response("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      read_response("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n")
          .keep_alive);
}

TEST(ResponseHeadTest, TakesStatusLinesWithAnyReasonOrNone) {
  takes_response("HTTP/1.1 200 \r\n\r\n");
  takes_response("HTTP/1.1 200\r\n\r\n");
  takes_response("HTTP/1.1 299 \xc3\xa9t\xc3\xa9\tx\r\n\r\n");
  for (const std::string_view line :
       {"HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 200OK", "HTTP/2 200",
        "HTTP/1.2 200 OK", "http/1.1 200 OK", "HTTP/1.1 099 OK", "HTTP/1.1 600 OK",
        "HTTP/1.1 2x0 OK", "ICY 200 OK", "HTTP/1.1", "HTTP/1.1 200 a\x01", " HTTP/1.1 200 OK",
        "HTTP/1.1\t200 OK", ""}) {
    refuses_response(std::string(line) + "\r\nContent-Length: 0\r\n\r\n");
  }
}

TEST(ResponseHeadTest, RefusesWhatTheRequestSideRefusesOfFieldsAndFraming) {
  for (const std::string_view lines :
       {"X: a\rb\r\n", "X: a\nY: b\r\n", "X: a\r\n b\r\n", ": a\r\n", "X : a\r\n", "nocolon\r\n",
        "X: \x01\r\n", "Content_Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: identity\r\n", "Transfer-Encoding: brotli, chunked\r\n"}) {
    refuses_response(ok(lines));
  }
  refuses_response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  refuses_response(
      "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n");
}

TEST(ResponseHeadTest, RefusesAChangeOfProtocolNobodyAskedFor) {
  refuses_response("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
}

TEST(ResponseHeadTest, RefusesEmptyLinesBeforeTheStatusLine) {
  refuses_response("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHeadTest, IsHeldToTheSameLimits) {
  std::string lines;
  for (int i = 0; i < 101; ++i) lines += "X: a\r\n";
  EXPECT_EQ(judge_response(ok(lines)).status, 502);
  EXPECT_EQ(judge_response(ok("X: " + std::string(kHeadBytesMax, 'a'))).status, 502);
}

TEST(ResponseHeadTest, KeepsTheProvidersBytesOutOfTheClientsMessage) {
  ResponseHead head;
  const auto size = parse_response_head("SSH-2.0-OpenSSH\r\n", {}, head);
  ASSERT_FALSE(size.has_value());
  EXPECT_EQ(size.error().code, ErrorCode::kProviderError);
  EXPECT_EQ(size.error().message.find("SSH"), std::string::npos);
}

}  // namespace
}  // namespace tollgate::net
