#include "gateway/event_relay.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

const std::string kDelta =
    "event: x\r\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"ab\"}\r\n\r\n";
const std::string kDone =
    "data: "
    "{\"type\":\"transcript.text.done\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}\n\n";
const std::string kEnd = "data: [DONE]\n\n";

TEST(EventRelay, HoldsTheEndBackHoweverTheStreamIsSplit) {
  const std::string stream = kDelta + kDelta + kDone + kEnd;
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    EventRelay relay;
    ASSERT_TRUE(relay.take(std::string_view(stream).substr(0, at)).has_value());
    ASSERT_TRUE(relay.take(std::string_view(stream).substr(at)).has_value());
    EXPECT_EQ(relay.out(), kDelta + kDelta) << at;
    EXPECT_EQ(relay.ending(), kDone + kEnd) << at;
    EXPECT_TRUE(relay.finished());
    EXPECT_EQ(relay.usage().tokens.tokens.input, 3);
    EXPECT_EQ(relay.content().text_bytes, 4);
  }
}

TEST(EventRelay, IsNotFinishedBeforeTheLastEvent) {
  EventRelay relay;
  ASSERT_TRUE(relay.take(kDelta + kDone.substr(0, 20)).has_value());
  EXPECT_FALSE(relay.finished());
  EXPECT_TRUE(relay.ending().empty());
}

TEST(EventRelay, AnErrorAndGarbageAreTheProvidersErrors) {
  for (const char* event : {"data: {\"error\":{\"message\":\"m\"}}\n\n", "data: garbage\n\n"}) {
    EventRelay relay;
    EXPECT_EQ(relay.take(event).error().code, ErrorCode::kProviderError);
  }
}

TEST(EventRelay, WhatIsHeldBackIsBounded) {
  EventRelay relay;
  ASSERT_TRUE(relay.take(kDone).has_value());
  const std::string more = "data: {\"x\":\"" + std::string(600'000, 'x') + "\"}\n\n";
  ASSERT_TRUE(relay.take(more).has_value());
  EXPECT_EQ(relay.take(more).error().code, ErrorCode::kProviderError);
}

}  // namespace
}  // namespace tollgate
