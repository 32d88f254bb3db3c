#include "net/head_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "net/http_codec.h"

namespace tollgate::net {
namespace {

// Writes a head that is right but for one field.
Status write_field(std::string& out, std::string_view name, std::string_view value) {
  HeadWriter writer(out);
  writer.status_line(200);
  writer.field("X-Before", "a");
  writer.field(name, value);
  writer.length(0);
  return writer.finish();
}

TEST(HeadWriterTest, AppendsARequestHeadThatTheCodecReadsBack) {
  std::string out = "before ";
  HeadWriter writer(out);
  writer.request_line("POST", "/v1/chat?a=b");
  writer.field("Host", "api.example");
  writer.field("X-Odd", "tab\tand \xc3\xa9");
  writer.length(std::numeric_limits<std::uint32_t>::max());
  ASSERT_TRUE(writer.finish().has_value());
  EXPECT_EQ(out,
            "before POST /v1/chat?a=b HTTP/1.1\r\nHost: api.example\r\nX-Odd: tab\tand \xc3\xa9\r\n"
            "Content-Length: 4294967295\r\n\r\n");
  RequestHead head;
  const std::string_view written = std::string_view(out).substr(7);
  ASSERT_EQ(parse_request_head(written, {}, head).value_or(0), written.size());
  EXPECT_EQ(head.content_length, 4294967295U);
}

TEST(HeadWriterTest, AppendsAResponseHeadWithItsReason) {
  std::string out;
  HeadWriter writer(out);
  writer.status_line(429);
  writer.chunked();
  ASSERT_TRUE(writer.finish().has_value());
  EXPECT_EQ(out, "HTTP/1.1 429 Too Many Requests\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(HeadWriterTest, WritesAnEmptyReasonForAStatusThatHasNone) {
  std::string out;
  HeadWriter writer(out);
  writer.status_line(599);
  ASSERT_TRUE(writer.finish().has_value());
  EXPECT_EQ(out, "HTTP/1.1 599 \r\n\r\n");
  EXPECT_EQ(reason_phrase(599), "");
  EXPECT_EQ(reason_phrase(99), "");
  EXPECT_EQ(reason_phrase(600), "");
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
}

TEST(HeadWriterTest, RefusesEveryControlByteInAValueAndTakesTheHeadBack) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool bad = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    std::string out = "kept";
    const Status status =
        write_field(out, "X", "a" + std::string(1, static_cast<char>(byte)) + "b");
    EXPECT_EQ(status.has_value(), !bad) << byte;
    if (!bad) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kInternal);
    EXPECT_EQ(out, "kept");
  }
}

TEST(HeadWriterTest, RefusesNamesThatAreNotTokens) {
  for (const std::string_view name : {"", "X Y", "X:", "X\r\nY", "\xc3\xa9", "X\t", "(X)"}) {
    std::string out = "kept";
    EXPECT_FALSE(write_field(out, name, "a").has_value()) << name;
    EXPECT_EQ(out, "kept");
  }
}

TEST(HeadWriterTest, RefusesFramingThatDidNotComeFromItsOwnCalls) {
  std::string out;
  EXPECT_FALSE(write_field(out, "content-LENGTH", "5").has_value());
  EXPECT_FALSE(write_field(out, "Transfer-Encoding", "chunked").has_value());
  EXPECT_EQ(out, "");
}

TEST(HeadWriterTest, RefusesFramingGivenTwice) {
  std::string out;
  HeadWriter writer(out);
  writer.status_line(200);
  writer.length(5);
  writer.chunked();
  EXPECT_FALSE(writer.finish().has_value());
  EXPECT_EQ(out, "");
}

TEST(HeadWriterTest, RefusesStartLinesThatCouldBecomeAnotherMessage) {
  for (const std::string_view target : {"", "/a b", "/a\r\nX: y", "/\x80", "/\x7f", "/\t"}) {
    std::string out = "kept";
    HeadWriter writer(out);
    writer.request_line("GET", target);
    EXPECT_FALSE(writer.finish().has_value()) << target;
    EXPECT_EQ(out, "kept");
  }
  for (const std::string_view method : {"", "GET /", "G\r\n", "G\x80"}) {
    std::string out;
    HeadWriter writer(out);
    writer.request_line(method, "/");
    EXPECT_FALSE(writer.finish().has_value()) << method;
  }
  for (const int status : {0, 99, 600, -1, 2000}) {
    std::string out;
    HeadWriter writer(out);
    writer.status_line(status);
    EXPECT_FALSE(writer.finish().has_value()) << status;
  }
}

TEST(HeadWriterTest, RefusesAHeadWithoutExactlyOneStartLine) {
  std::string out;
  HeadWriter none(out);
  EXPECT_FALSE(none.finish().has_value());
  HeadWriter late(out);
  late.field("X", "a");
  late.status_line(200);
  EXPECT_FALSE(late.finish().has_value());
  HeadWriter twice(out);
  twice.status_line(200);
  twice.request_line("GET", "/");
  EXPECT_FALSE(twice.finish().has_value());
  EXPECT_EQ(out, "");
}

TEST(HeadWriterTest, WritesNoChunkForEmptyDataBecauseItWouldEndTheBody) {
  std::string out;
  append_chunk(out, "");
  EXPECT_EQ(out, "");
  append_chunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
  append_last_chunk(out);
  EXPECT_TRUE(out.ends_with("\r\n0\r\n\r\n"));
}

}  // namespace
}  // namespace tollgate::net
