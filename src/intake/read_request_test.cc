#include "intake/read_request.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

constexpr std::string_view kChat = R"({"model":"a/b","messages":[{"role":"user","content":"hi"}]})";

ErrorCode refused(std::string_view content_type, std::string_view body) {
  const auto read = read_request(CompletionKind::kChat, content_type, body, ModelMember::kRequired);
  return read ? ErrorCode::kInternal : read.error().code;
}

TEST(ReadRequest, KnowsTheRoutesThatAreRouted) {
  EXPECT_EQ(completion_kind("/v1/chat/completions"), CompletionKind::kChat);
  EXPECT_EQ(completion_kind("/v1/completions"), CompletionKind::kText);
  EXPECT_EQ(completion_kind("/v1/messages"), CompletionKind::kMessages);
  EXPECT_EQ(completion_kind("/v1/messages/count_tokens"), CompletionKind::kCountTokens);
  EXPECT_EQ(completion_kind("/v1/models"), std::nullopt);
}

TEST(ReadRequest, TakesJsonInAnySpellingOfItsType) {
  for (const char* type : {"", "application/json", "Application/JSON; charset=utf-8"}) {
    EXPECT_EQ(refused(type, kChat), ErrorCode::kInternal) << type;
  }
  for (const char* type : {"text/plain", "application/json+x", "multipart/form-data"}) {
    EXPECT_EQ(refused(type, kChat), ErrorCode::kUnsupportedMediaType) << type;
  }
  EXPECT_EQ(refused("", "{"), ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace tollgate
