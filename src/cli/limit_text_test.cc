#include "cli/limit_text.h"

#include <gtest/gtest.h>

namespace tollgate::cli {
namespace {

json::object key(std::string_view limits) {
  return parse_json(R"({"limits":)" + std::string(limits) + "}").value().as_object();
}

constexpr std::string_view kLimits =
    R"([{"id":"key_1/cost/month","metric":"cost","window":"month","amount":"25","used":"1.5",
         "held":"0.25","remaining":"23.25","resets_at":"2026-12-01T00:00:00.000000Z","bound":null},
        {"id":"key_1/requests/60s","metric":"requests","window":"60s","amount":60,"used":7,
         "held":0,"remaining":53,"resets_at":null,"bound":null},
        {"id":"key_1/concurrency","metric":"concurrency","window":null,"amount":4,"used":0,
         "held":1,"remaining":3,"resets_at":null,"bound":null}])";

TEST(LimitText, ACellSaysEachLimitInOrder) {
  EXPECT_EQ(limits_cell(key(kLimits)), "cost 25 USD/month, requests 60/60s, concurrency 4");
}

TEST(LimitText, NoLimitsAreADashAndNoTable) {
  for (const json::object& none : {key("[]"), key("null"), key("7"), json::object()}) {
    EXPECT_EQ(limits_cell(none), "-");
    EXPECT_EQ(limits_table(none), "");
  }
}

TEST(LimitText, ATableShowsWhatIsUsedHeldAndLeft) {
  EXPECT_EQ(limits_table(key(kLimits)),
            "\n"
            "LIMIT                 USED      HELD  REMAINING  RESETS\n"
            "cost 25 USD/month  1.5 USD  0.25 USD  23.25 USD  2026-12-01 00:00\n"
            "requests 60/60s          7         0         53  -\n"
            "concurrency 4            0         1          3  -\n");
}

TEST(LimitText, AWorkspacesTableShowsEachEnvironmentApart) {
  json::object workspace = key(kLimits);
  EXPECT_EQ(workspace_limits_table(json::object()), "");
  workspace["sandbox_limits"] = json::array{json::object{{"metric", "requests"},
                                                         {"window", "60s"},
                                                         {"amount", 60},
                                                         {"used", 0},
                                                         {"held", 0},
                                                         {"remaining", 60}}};
  EXPECT_EQ(workspace_limits_table(workspace),
            "\n"
            "KEYS        LIMIT                 USED      HELD  REMAINING  RESETS\n"
            "production  cost 25 USD/month  1.5 USD  0.25 USD  23.25 USD  2026-12-01 00:00\n"
            "production  requests 60/60s          7         0         53  -\n"
            "production  concurrency 4            0         1          3  -\n"
            "sandbox     requests 60/60s          0         0         60  -\n");
}

TEST(LimitText, ALimitCannotReachTheTerminalsControls) {
  EXPECT_EQ(limits_cell(key(R"([{"metric":"\u001b[31m","amount":"\u0007","window":{}}])")),
            "?[31m ?/{}");
}

}  // namespace
}  // namespace tollgate::cli
