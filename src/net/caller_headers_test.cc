#include "net/caller_headers.h"

#include <gtest/gtest.h>

namespace tollgate::net {
namespace {

TEST(CallerHeaders, ReadsEachInAnyCase) {
  FieldList head;
  head.fields = {{"AUTHORIZATION", "Bearer a"},  {"X-Api-Key", "b"},       {"api-KEY", "c"},
                 {"X-Goog-Api-Key", "d"},        {"x-request-ID", "e"},    {"X-Forwarded-For", "f"},
                 {"X-FORWARDED-proto", "https"}, {"X-Forwarded-Fob", "no"}};
  const CallerHeaders caller = read_caller_headers(head);
  EXPECT_EQ(caller.authorization, "Bearer a");
  EXPECT_EQ(caller.x_api_key, "b");
  EXPECT_EQ(caller.api_key, "c");
  EXPECT_EQ(caller.x_goog_api_key, "d");
  EXPECT_EQ(caller.request_id, "e");
  EXPECT_EQ(caller.forwarded_for, std::vector<std::string_view>{"f"});
  EXPECT_EQ(caller.forwarded_proto, "https");
  EXPECT_FALSE(caller.credential_repeated);
}

TEST(CallerHeaders, AbsentOnesHaveNoData) {
  const CallerHeaders caller = read_caller_headers({});
  EXPECT_EQ(caller.authorization.data(), nullptr);
  EXPECT_EQ(caller.x_api_key.data(), nullptr);
  EXPECT_EQ(caller.api_key.data(), nullptr);
  EXPECT_EQ(caller.x_goog_api_key.data(), nullptr);
  EXPECT_TRUE(caller.forwarded_for.empty());
}

TEST(CallerHeaders, KeepsEveryForwardedForInOrder) {
  FieldList head;
  head.fields = {{"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}, {"x-forwarded-for", "3.3.3.3"}};
  EXPECT_EQ(read_caller_headers(head).forwarded_for,
            (std::vector<std::string_view>{"1.1.1.1, 2.2.2.2", "3.3.3.3"}));
}

TEST(CallerHeaders, SeesACredentialThatStandsTwiceWithDifferentValues) {
  for (const std::string_view name : {"Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key"}) {
    FieldList head;
    head.fields = {{name, "a"}, {name, "a"}};
    EXPECT_FALSE(read_caller_headers(head).credential_repeated) << name;
    head.fields = {{name, "a"}, {name, "b"}};
    EXPECT_TRUE(read_caller_headers(head).credential_repeated) << name;
    head.fields = {{name, "a"}, {"Accept", "x"}, {name, ""}};
    EXPECT_TRUE(read_caller_headers(head).credential_repeated) << name;
  }
}

}  // namespace
}  // namespace tollgate::net
