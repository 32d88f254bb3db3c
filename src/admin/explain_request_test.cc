#include "admin/explain_request.h"

#include <gtest/gtest.h>

#include <string>

namespace tollgate {
namespace {

std::string refused_param(std::string_view text) {
  const auto read = read_explain_request(text);
  EXPECT_FALSE(read) << text;
  return read ? "" : read.error().param.value_or("");
}

TEST(ExplainRequest, KeepsTheBodysBytes) {
  const std::string text =
      R"({"key":"checkout","body": {"model" : "a\/b", "n":1, "n":2} ,"route":"/v1/messages","region":"eu"})";
  const auto read = read_explain_request(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->key, "checkout");
  EXPECT_EQ(read->body, R"({"model" : "a\/b", "n":1, "n":2})");
  EXPECT_EQ(read->kind, CompletionKind::kMessages);
  EXPECT_EQ(read->region, "eu");
}

TEST(ExplainRequest, IsAChatUnlessItSaysOtherwise) {
  EXPECT_EQ(read_explain_request(R"({"key":"k","body":7})")->kind, CompletionKind::kChat);
}

TEST(ExplainRequest, IsReadStrictly) {
  EXPECT_EQ(refused_param(R"({"body":{}})"), "key");
  EXPECT_EQ(refused_param(R"({"key":"k"})"), "body");
  EXPECT_EQ(refused_param(R"({"key":7,"body":{}})"), "key");
  EXPECT_EQ(refused_param(R"({"key":"k","body":{},"route":"/v1/models"})"), "route");
  EXPECT_EQ(refused_param(R"({"key":"k","k\u0065y":"l","body":{}})"), "key");
  EXPECT_EQ(refused_param(R"({"key":"k","body":{},"other":1})"), "body");
  EXPECT_EQ(refused_param("[]"), "body");
  EXPECT_EQ(read_explain_request(R"({"key":"k","body":{)").error().code,
            ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace tollgate
