#include "net/sse.h"

#include <gtest/gtest.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace tollgate::net {
namespace {

struct Seen {
  std::string raw, event, data;
  bool operator==(const Seen&) const = default;
};

struct Outcome {
  std::vector<Seen> events;
  bool refused = false;
  bool mid_event = false;
  bool operator==(const Outcome&) const = default;
};

Outcome read_pieces(const std::vector<std::string>& pieces,
                    std::size_t event_bytes_max = kSseEventBytesMax) {
  SseReader reader(event_bytes_max);
  Outcome outcome;
  for (const std::string& piece : pieces) {
    reader.feed(piece);
    while (!outcome.refused) {
      const auto event = reader.next();
      outcome.refused = !event.has_value();
      if (!event || !*event) break;
      outcome.events.push_back(
          {std::string((*event)->raw), std::string((*event)->event), std::string((*event)->data)});
    }
  }
  outcome.mid_event = reader.mid_event();
  return outcome;
}

// Reads `text` whole, split in two at every byte, and byte by byte: always the same.
Outcome read_every_way(const std::string& text, std::size_t event_bytes_max = kSseEventBytesMax) {
  const Outcome whole = read_pieces({text}, event_bytes_max);
  std::vector<std::string> bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    EXPECT_EQ(read_pieces({text.substr(0, at), text.substr(at)}, event_bytes_max), whole)
        << testing::PrintToString(text) << " split at " << at;
    bytes.push_back(text.substr(at, 1));
  }
  EXPECT_EQ(read_pieces(bytes, event_bytes_max), whole) << testing::PrintToString(text);
  return whole;
}

std::vector<std::string> data_of(const std::string& text) {
  std::vector<std::string> data;
  for (const Seen& seen : read_every_way(text).events) data.push_back(seen.data);
  return data;
}

using Data = std::vector<std::string>;

TEST(SseReaderTest, ReadsAProvidersStream) {
  const Outcome outcome =
      read_every_way("data: {\"a\":1}\n\nevent: ping\ndata: {}\n\ndata: [DONE]\n\n");
  ASSERT_EQ(outcome.events.size(), 3U);
  EXPECT_EQ(outcome.events[0], (Seen{"data: {\"a\":1}\n\n", "", "{\"a\":1}"}));
  EXPECT_EQ(outcome.events[1], (Seen{"event: ping\ndata: {}\n\n", "ping", "{}"}));
  EXPECT_EQ(outcome.events[2].data, "[DONE]");
  EXPECT_FALSE(outcome.mid_event);
}

TEST(SseReaderTest, ReadsEveryKindOfLineEnd) {
  EXPECT_EQ(data_of("data: a\n\ndata: b\n\n"), (Data{"a", "b"}));
  EXPECT_EQ(data_of("data: a\r\n\r\ndata: b\r\n\r\n"), (Data{"a", "b"}));
  EXPECT_EQ(data_of("data: a\r\rdata: b\r\r"), (Data{"a", "b"}));
  EXPECT_EQ(data_of("data: a\ndata: b\r\ndata: c\rdata: d\n\r\ndata: e\r\r\n\r\ndata: f\r\n\n"),
            (Data{"a\nb\nc\nd", "e", "f"}));
  EXPECT_EQ(data_of("data: a\r\n\rdata: b\n\n"), (Data{"a", "b"}));
}

TEST(SseReaderTest, RawHoldsTheWholeBlankLine) {
  EXPECT_EQ(read_every_way("data: a\r\n\r\n").events[0].raw, "data: a\r\n\r\n");
  EXPECT_EQ(read_every_way("data: a\r\r").events[0].raw, "data: a\r\r");
  EXPECT_EQ(read_every_way(": c\nid: 7\ndata: a\nretry: 5\n\n").events[0].raw,
            ": c\nid: 7\ndata: a\nretry: 5\n\n");
}

TEST(SseReaderTest, AnEventWithLoneCrsIsNotKeptWaiting) {
  SseReader reader;
  reader.feed("data: a\r\r");
  const auto event = reader.next();
  ASSERT_TRUE(event.has_value() && event->has_value());
  EXPECT_EQ((*event)->data, "a");
}

TEST(SseReaderTest, JoinsDataLinesByLineFeeds) {
  EXPECT_EQ(data_of("data: a\ndata: b\n\n"), (Data{"a\nb"}));
  EXPECT_EQ(data_of("data\ndata\n\n"), (Data{"\n"}));
  EXPECT_EQ(data_of("data: a\ndata\ndata: \n\n"), (Data{"a\n\n"}));
  EXPECT_EQ(data_of("data: a\ndata: b\n\ndata: c\ndata: d\n\n"), (Data{"a\nb", "c\nd"}));
}

TEST(SseReaderTest, DropsAtMostOneSpaceAfterTheColon) {
  EXPECT_EQ(data_of("data:a\n\ndata: a\n\ndata:  a \n\ndata:\ta\n\n"),
            (Data{"a", "a", " a ", "\ta"}));
}

TEST(SseReaderTest, AnEmptyDataLineIsAnEvent) {
  EXPECT_EQ(data_of("data\n\ndata:\n\ndata: \n\n"), (Data{"", "", ""}));
}

TEST(SseReaderTest, PassesOverWhatHasNoData) {
  EXPECT_EQ(data_of(": comment\n\n\n\nevent: ping\n\nid: 1\n\nretry: 10\n\n:\n\ndata: a\n\n"),
            (Data{"a"}));
  EXPECT_EQ(read_every_way("event: lost\n\ndata: a\n\n").events[0].event, "");
}

TEST(SseReaderTest, FieldNamesAreExact) {
  EXPECT_EQ(data_of("database: x\nDATA: x\n data: x\ndat: x\ndata : x\nx\n\ndata: a\n\n"),
            (Data{"a"}));
}

TEST(SseReaderTest, TheLastEventTypeCounts) {
  EXPECT_EQ(read_every_way("event: a\nevent: b\ndata: x\n\n").events[0].event, "b");
  EXPECT_EQ(read_every_way("data: x\nevent\n\n").events[0].event, "");
}

TEST(SseReaderTest, SkipsAByteOrderMarkAtTheVeryBeginningOnly) {
  EXPECT_EQ(data_of("\xef\xbb\xbf"
                    "data: a\n\n\xef\xbb\xbf"
                    "data: b\n\ndata: c\n\n"),
            (Data{"a", "c"}));
  EXPECT_EQ(data_of("\xef\xbb"
                    "data: a\n\ndata: b\n\n"),
            (Data{"b"}));
  EXPECT_EQ(data_of("\xef\n\ndata: b\n\n"), (Data{"b"}));
}

TEST(SseReaderTest, KeepsEveryByteOfTheData) {
  const std::string odd("data: \x01\0\xff\x7f\xf0\x9f\x98\x80\n\n", 16);
  const Outcome outcome = read_every_way(odd);
  ASSERT_EQ(outcome.events.size(), 1U);
  EXPECT_EQ(outcome.events[0].raw, odd);
}

TEST(SseReaderTest, TellsWhetherTheStreamWasCutInsideAnEvent) {
  for (const char* text : {"", "data: a\n\n", "data: a\n\n\n", ": x\n\n", "\xef\xbb\xbf"}) {
    EXPECT_FALSE(read_every_way(text).mid_event) << testing::PrintToString(std::string(text));
  }
  for (const char* text : {"d", "data: a", "data: a\n", "data: a\r\n\r", "data: a\n\n:", "\xef"}) {
    EXPECT_TRUE(read_every_way(text).mid_event) << testing::PrintToString(std::string(text));
  }
}

TEST(SseReaderTest, DoesNotCopyAnEventThatLiesInOnePiece) {
  const std::string piece = "data: a\n\nevent: x\ndata: b\n\ndata: c";
  SseReader reader;
  reader.feed(piece);
  for (int i = 0; i < 2; ++i) {
    const auto event = reader.next();
    ASSERT_TRUE(event.has_value() && event->has_value());
    for (const std::string_view view : {(*event)->raw, (*event)->data}) {
      EXPECT_GE(view.data(), piece.data());
      EXPECT_LE(view.data() + view.size(), piece.data() + piece.size());
    }
  }
}

TEST(SseReaderTest, AnEventSplitOverPiecesOutlivesTheFirstOne) {
  SseReader reader;
  {
    const std::string first = "data: hel";
    reader.feed(first);
    ASSERT_FALSE(reader.next()->has_value());
  }
  const std::string second = "lo\n\ndata: more\n\n";
  reader.feed(second);
  const auto event = reader.next();
  ASSERT_TRUE(event.has_value() && event->has_value());
  EXPECT_EQ((*event)->data, "hello");
  EXPECT_TRUE(reader.mid_event());  // of the next one
  EXPECT_EQ((**reader.next()).data, "more");
}

TEST(SseReaderTest, AStreamThatEndsWithAnEventWasNotCut) {
  SseReader reader;
  reader.feed("data: hel");
  ASSERT_FALSE(reader.next()->has_value());
  EXPECT_TRUE(reader.mid_event());
  reader.feed("lo\n\n");
  ASSERT_TRUE(reader.next()->has_value());
  EXPECT_FALSE(reader.mid_event());
}

#if __has_feature(address_sanitizer)  // which tells of every allocation
std::int64_t held_now = 0;
std::int64_t held_most = 0;
bool counting = false;

void note_taken(const volatile void*, std::size_t bytes) {
  if (counting) held_most = std::max(held_most, held_now += static_cast<std::int64_t>(bytes));
}
void note_freed(const volatile void* room) {
  if (!counting || room == nullptr) return;
  held_now -=
      static_cast<std::int64_t>(__sanitizer_get_allocated_size(const_cast<const void*>(room)));
}

void begin_counting() {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(note_taken, note_freed);
  ASSERT_NE(installed, 0);
  held_now = held_most = 0;
  counting = true;
}

constexpr std::int64_t kLimit = 4 * 1024 * 1024;
constexpr std::int64_t kSpare = 70 * 1024;
// When it passes a quarter it moves, and for that moment stands beside itself.
constexpr std::int64_t kHeldMost = kLimit + kLimit / 8 * 3;

// Feeds the piece again and again, until an event of the limit has no room for it any more. False:
// refused before.
bool fill(SseReader& reader, std::string_view begin, const std::string& piece) {
  reader.feed(begin);
  if (!reader.next()) return false;
  const auto step = static_cast<std::int64_t>(piece.size());
  for (std::int64_t size = step; size + step < kLimit; size += step) {
    reader.feed(piece);
    if (!reader.next()) return false;
  }
  return true;
}

// Whether that ends an event.
bool ends(SseReader& reader) {
  reader.feed("\n\n");
  const auto event = reader.next();
  return event && *event;
}

TEST(SseReaderTest, LargestEventIsHeldOnceAndGivenBackWhenItWasReadOrRefused) {
  const std::string piece(10'000, 'x');
  SseReader reader(kLimit);
  begin_counting();
  EXPECT_TRUE(fill(reader, "data:", piece));
  EXPECT_TRUE(ends(reader));
  EXPECT_LE(held_most, kHeldMost);
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_LE(held_now, kSpare);
  EXPECT_TRUE(fill(reader, "data:", piece));
  reader.feed(piece);
  (void)reader.next();
  reader.feed(piece);
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_LE(held_most, kHeldMost);
  EXPECT_LE(held_now, kSpare);
  counting = false;
}

TEST(SseReaderTest, DataOfManyLinesIsJoinedOnceAndGivenBackWhenItWasRead) {
  std::string piece;
  while (piece.size() < 10'000) piece += "\ndata: a line of some length";
  SseReader reader(kLimit);
  begin_counting();
  EXPECT_TRUE(fill(reader, "data: the first", piece));
  EXPECT_TRUE(ends(reader));
  EXPECT_LE(held_most, 2 * kLimit + kSpare);
  EXPECT_TRUE(reader.next().has_value());
  EXPECT_LE(held_now, kSpare);
  counting = false;
}
#endif

TEST(SseReaderTest, TakesAnEventOfExactlyTheLimitAndRefusesOneByteMore) {
  const std::string fits = "data: 1234\n\n";
  const Outcome taken = read_every_way(fits + fits, fits.size());
  EXPECT_FALSE(taken.refused);
  EXPECT_EQ(taken.events.size(), 2U);
  const Outcome refused = read_every_way(fits + "data: 12345\n\n" + fits, fits.size());
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.events.size(), 1U);
}

TEST(SseReaderTest, RefusesAnEndlessEventWithoutWaitingForItsEnd) {
  SseReader reader(100);
  const std::string piece(60, 'x');
  reader.feed(piece);
  ASSERT_TRUE(reader.next().has_value());
  reader.feed(piece);
  const auto event = reader.next();
  ASSERT_FALSE(event.has_value());
  EXPECT_EQ(event.error().code, ErrorCode::kProviderError);
  reader.feed("data: a\n\n");
  EXPECT_FALSE(reader.next().has_value());
}

TEST(SseReaderTest, RefusesToBeFedBeforeItIsReadEmpty) {
  SseReader reader;
  reader.feed("data: a\n\ndata: b\n\n");
  ASSERT_TRUE(reader.next().has_value());
  EXPECT_THROW(reader.feed("data: c\n\n"), Bug);
}

}  // namespace
}  // namespace tollgate::net
