#include "admin/request_body.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate {
namespace {

net::RequestHead head_with(std::vector<net::Field> fields) {
  net::RequestHead head;
  head.method = "POST";
  head.target = "/admin/v1/keys";
  head.fields = std::move(fields);
  return head;
}

Principal caller() { return {.actor = "key_1", .workspace = std::nullopt, .from = "::1"}; }

TEST(RequestBodyTest, TakesJsonInAnySpellingOfItsType) {
  for (const auto* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json ;charset=utf-8", "application/merge-patch+json"}) {
    EXPECT_TRUE(check_json_fields(head_with({{"Content-Type", type}}))) << type;
  }
  EXPECT_TRUE(check_json_fields(head_with({})));
  EXPECT_TRUE(check_json_fields(head_with({{"Content-Encoding", "identity"}})));
}

TEST(RequestBodyTest, RefusesEverythingElse) {
  const std::vector<std::vector<net::Field>> refused = {
      {{"Content-Type", "application/x-www-form-urlencoded"}},
      {{"Content-Type", "text/plain"}},
      {{"Content-Type", ""}},
      {{"Content-Type", "application/jsonp"}},
      {{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}},
      {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}},
  };
  for (const auto& fields : refused) {
    const auto status = check_json_fields(head_with(fields));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupportedMediaType);
  }
}

TEST(IdempotencyKeyTest, IsOptional) {
  const auto none = idempotency_of(head_with({}), caller(), "{}");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(IdempotencyKeyTest, IsOf1To255VisibleCharactersAndStandsOnce) {
  const std::string longest(255, 'k');
  const std::string too_long(256, 'k');
  EXPECT_TRUE(idempotency_of(head_with({{"Idempotency-Key", longest}}), caller(), ""));
  for (const auto& key :
       {std::string(), std::string("two words"), std::string("\xc3\xa9"), too_long}) {
    EXPECT_FALSE(idempotency_of(head_with({{"Idempotency-Key", key}}), caller(), "")) << key;
  }
  EXPECT_FALSE(idempotency_of(head_with({{"Idempotency-Key", "a"}, {"idempotency-key", "a"}}),
                              caller(), ""));
}

TEST(IdempotencyKeyTest, FingerprintTellsMethodPathAndBodyApart) {
  net::RequestHead head = head_with({{"Idempotency-Key", "k"}});
  const auto print = [&head](std::string_view body) {
    return idempotency_of(head, caller(), body)->value().fingerprint;
  };
  const Sha256 first = print("{}");
  EXPECT_EQ(print("{}"), first);
  EXPECT_NE(print("{ }"), first);
  head.target = "/admin/v1/keys/key_1/rotate";
  EXPECT_NE(print("{}"), first);
  EXPECT_EQ(idempotency_of(head, caller(), "")->value().caller, "key_1");
}

}  // namespace
}  // namespace tollgate
