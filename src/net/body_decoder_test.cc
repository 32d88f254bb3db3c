#include "net/body_decoder.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "net/head_writer.h"

namespace tollgate::net {
namespace {

// What came of bytes that arrived in pieces.
struct Outcome {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  bool refused = false;
  bool operator==(const Outcome&) const = default;
};

void feed(BodyDecoder& decoder, std::string_view bytes, Outcome& outcome) {
  while (!outcome.refused && !bytes.empty()) {
    const Result<BodyDecoder::Piece> piece = decoder.next(bytes);
    if (!piece) {
      outcome.refused = true;
      return;
    }
    if (!piece->data.empty()) {
      EXPECT_GE(piece->data.data(), bytes.data());
      EXPECT_LE(piece->data.data() + piece->data.size(), bytes.data() + bytes.size());
    }
    outcome.body += piece->data;
    outcome.consumed += piece->consumed;
    outcome.done = decoder.done();
    if (piece->consumed == 0) return;
    bytes.remove_prefix(piece->consumed);
  }
}

Outcome decode(Framing framing, std::uint64_t length, const std::vector<std::string_view>& pieces) {
  BodyDecoder decoder(framing, length);
  Outcome outcome;
  outcome.done = decoder.done();
  for (const std::string_view piece : pieces) feed(decoder, piece, outcome);
  return outcome;
}

// Decodes `text` whole, split in two at every byte, and byte by byte: always the same.
Outcome decode_every_way(Framing framing, std::uint64_t length, std::string_view text) {
  const Outcome whole = decode(framing, length, {text});
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const Outcome split = decode(framing, length, {text.substr(0, at), text.substr(at)});
    EXPECT_EQ(split.refused, whole.refused) << testing::PrintToString(text) << " split at " << at;
    if (!whole.refused) EXPECT_EQ(split, whole) << testing::PrintToString(text) << " at " << at;
    bytes.push_back(text.substr(at, 1));
  }
  const Outcome single = decode(framing, length, bytes);
  EXPECT_EQ(single.refused, whole.refused);
  if (!whole.refused) EXPECT_EQ(single, whole);
  return whole;
}

Outcome decode_chunks(std::string_view text) {
  return decode_every_way(Framing::kChunked, 0, text);
}

TEST(BodyDecoderTest, ABodyThatIsNotThereIsDoneAtOnce) {
  EXPECT_TRUE(BodyDecoder().done());
  EXPECT_TRUE(BodyDecoder(Framing::kNone, 5).done());
  EXPECT_TRUE(BodyDecoder(Framing::kLength, 0).done());
  EXPECT_EQ(decode_every_way(Framing::kNone, 0, "GET").consumed, 0U);
}

TEST(BodyDecoderTest, TakesExactlyTheLengthAndNothingBehindIt) {
  const Outcome outcome = decode_every_way(Framing::kLength, 5, "helloGET /");
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(outcome.consumed, 5U);
  EXPECT_TRUE(outcome.done);
  EXPECT_FALSE(decode_every_way(Framing::kLength, 6, "hello").done);
}

TEST(BodyDecoderTest, JoinsChunksAndStopsBehindTheLastOne) {
  const std::string_view text = "5\r\nhello\r\n00a\r\n, chunked \r\nC\r\nworld of HTTP\r\n";
  EXPECT_TRUE(decode_chunks(text).refused);  // the last chunk is one byte longer than it says
  const Outcome outcome = decode_chunks(
      "5\r\nhello\r\n00a\r\n, chunked \r\nc\r\nworlds apart\r\n"
      "0\r\n\r\nGET / HTTP/1.1\r\n");
  EXPECT_FALSE(outcome.refused);
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.body, "hello, chunked worlds apart");
  EXPECT_EQ(outcome.consumed, std::string_view("5\r\nhello\r\n00a\r\n, chunked \r\nc\r\n"
                                               "worlds apart\r\n0\r\n\r\n")
                                  .size());
}

TEST(BodyDecoderTest, TakesTheEndTogetherWithTheLastData) {
  BodyDecoder decoder(Framing::kChunked, 0);
  const auto piece = decoder.next("5\r\nhello\r\n0\r\n\r\n");
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->data, "hello");
  EXPECT_EQ(piece->consumed, 15U);
  EXPECT_TRUE(decoder.done());
}

TEST(BodyDecoderTest, ReadsWhatTheChunkWriterWrites) {
  std::string text;
  append_chunk(text, "hello");
  append_chunk(text, "");
  append_chunk(text, std::string(300, 'x'));
  append_last_chunk(text);
  const Outcome outcome = decode_chunks(text);
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.body, "hello" + std::string(300, 'x'));
}

TEST(BodyDecoderTest, Rule17RefusesEveryTrailer) {
  for (const std::string_view trailer :
       {"X: a\r\n\r\n", "Content-Length: 5\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", ":",
        " \r\n", "\t"}) {
    EXPECT_TRUE(decode_chunks("0\r\n" + std::string(trailer)).refused) << trailer;
  }
}

TEST(BodyDecoderTest, Rule18RefusesChunksThatDoNotEndInCrLf) {
  EXPECT_TRUE(decode_chunks("0\r\n\r\n").done);
  for (const std::string_view text :
       {"0\r\n\n", "0\n\r\n", "0\n\n", "0\r\r\n", "0\r\n\rx", "5\nhello\r\n", "5\r\nhello\n",
        "5\r\nhello\rx", "5\r\nhello5", "5\r\nhello0\r\n\r\n", "5\r\nhello\r\n\r\n"}) {
    EXPECT_TRUE(decode_chunks(text).refused) << testing::PrintToString(text);
  }
}

TEST(BodyDecoderTest, RefusesChunkExtensionsAndSizesThatAreNotHex) {
  for (const std::string_view text : {"5;a=b\r\n", "5 \r\n", " 5\r\n", "5\t\r\n", "0x5\r\n",
                                      "+5\r\n", "-5\r\n", "g\r\n", "\r\n", ";\r\n", "5,5\r\n"}) {
    EXPECT_TRUE(decode_chunks(text).refused) << testing::PrintToString(text);
  }
}

TEST(BodyDecoderTest, TakesChunkSizesOfUpTo16Digits) {
  EXPECT_FALSE(decode_chunks("0000000000000005\r\nhello\r\n").refused);
  EXPECT_TRUE(decode_chunks("00000000000000005\r\nhello\r\n").refused);
  EXPECT_TRUE(decode_chunks("10000000000000000\r\n").refused);
  const Outcome largest = decode_chunks("ffffffffffffffff\r\nhello");
  EXPECT_FALSE(largest.refused);
  EXPECT_EQ(largest.body, "hello");
  EXPECT_FALSE(largest.done);
}

TEST(BodyDecoderTest, TheEndOfInputCompletesOnlyABodyFramedByIt) {
  BodyDecoder until_close(Framing::kUntilClose, 0);
  ASSERT_EQ(until_close.next("hello")->data, "hello");
  EXPECT_FALSE(until_close.done());
  EXPECT_TRUE(until_close.end_of_input().has_value());
  EXPECT_TRUE(until_close.done());

  BodyDecoder length(Framing::kLength, 5);
  ASSERT_TRUE(length.next("hell").has_value());
  EXPECT_FALSE(length.end_of_input().has_value());
  ASSERT_TRUE(length.next("o").has_value());
  EXPECT_TRUE(length.end_of_input().has_value());

  for (const std::string_view text : {"", "5\r\n", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n\r"}) {
    BodyDecoder chunked(Framing::kChunked, 0);
    for (std::string_view rest = text; !rest.empty();) {
      const auto piece = chunked.next(rest);
      ASSERT_TRUE(piece.has_value());
      rest.remove_prefix(piece->consumed);
    }
    EXPECT_FALSE(chunked.end_of_input().has_value()) << testing::PrintToString(text);
  }
}

TEST(BodyDecoderTest, BlamesTheSideThatSentTheBody) {
  RequestHead request;
  request.framing = Framing::kChunked;
  EXPECT_EQ(BodyDecoder(request).next("x").error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(BodyDecoder(request).end_of_input().error().code, ErrorCode::kClientGone);
  ResponseHead response;
  response.framing = Framing::kChunked;
  EXPECT_EQ(BodyDecoder(response).next("x").error().code, ErrorCode::kProviderError);
  EXPECT_EQ(BodyDecoder(response).end_of_input().error().code, ErrorCode::kProviderError);
}

TEST(BodyDecoderTest, RefusesABodyItCannotDecodeBeforeAnyByteOfIt) {
  BodyDecoder coded(Framing::kCoded, 0);
  EXPECT_EQ(coded.next("").error().code, ErrorCode::kNotImplemented);
  EXPECT_FALSE(coded.done());
  EXPECT_FALSE(coded.end_of_input().has_value());
}

}  // namespace
}  // namespace tollgate::net
