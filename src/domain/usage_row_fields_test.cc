#include "domain/usage_row_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.h"

namespace tollgate {
namespace {

UsageRow row() {
  UsageRow row;
  row.id = 7;
  row.request_id = "job-1";
  row.admitted_at = parse_time("2026-11-21T10:00:00Z").value();
  row.finished_at = row.admitted_at + std::chrono::milliseconds(20);
  row.key = KeyId("key_1");
  row.key_name = "checkout";
  row.secret = SecretId("sec_1");
  row.workspace = WorkspaceId("ws_default");
  row.requested_model = "large";
  row.model = "acme/large";
  row.provider = "acme";
  row.tokens.input = 100;
  row.tokens.cached_input = 40;
  row.tokens.output = 9;
  row.flags = "below_count";
  row.cost = Money::from_nanos(125'000);
  row.latency_ms = 20;
  row.attempts = {{.provider = "acme", .model = "acme/large", .status = 200, .cost = {}, .ms = 18}};
  return row;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

TEST(UsageRowFieldsTest, RowHasTheNamesOfTheContractAndMoneyAsDecimalStrings) {
  const auto value = parse_json(render_usage_row(row()));
  ASSERT_TRUE(value);
  const auto& json = value->as_object();
  EXPECT_EQ(json.at("id"), "gen_0000000000000007");
  EXPECT_EQ(json.at("request_id"), "job-1");
  EXPECT_EQ(json.at("key"), "key_1");
  EXPECT_EQ(json.at("cost"), "0.000125");
  EXPECT_EQ(json.at("charged"), "0");
  EXPECT_EQ(json.at("input_tokens"), 100);
  EXPECT_EQ(json.at("cached_input_tokens"), 40);
  EXPECT_EQ(json.at("flags"), "below_count");
  EXPECT_EQ(json.at("streamed"), false);
  EXPECT_TRUE(json.at("time_to_first_token_ms").is_null());
  EXPECT_TRUE(json.at("error_code").is_null());
  EXPECT_EQ(json.at("attempts").at(0).at("cost"), "0");
}

TEST(UsageRowFieldsTest, CsvHasTheNamesOfTheJsonInTheSameOrder) {
  const auto value = parse_json(render_usage_row(row()));
  std::vector<std::string> names;
  for (const auto& member : value->as_object()) names.emplace_back(member.key());
  std::string header = usage_csv_header();
  ASSERT_TRUE(header.ends_with("\r\n"));
  header.resize(header.size() - 2);
  EXPECT_EQ(split(header), names);
}

TEST(UsageRowFieldsTest, CsvLineHasAsManyFieldsAsTheHeader) {
  UsageRow plain = row();
  plain.attempts.clear();
  EXPECT_EQ(split(usage_csv_line(plain)).size(), split(usage_csv_header()).size());
}

TEST(UsageRowFieldsTest, ClientTextThatIsNoUtf8StillMakesValidJson) {
  UsageRow odd = row();
  odd.client = "agent\xff\x01\"";
  EXPECT_TRUE(parse_json(render_usage_row(odd)));
}

TEST(UsageRowFieldsTest, DecisionIsAnObjectInTheJsonAndItsTextInTheCsv) {
  UsageRow chosen = row();
  chosen.decision = R"({"strategy":"cheapest","eligible":2})";
  const auto value = parse_json(render_usage_row(chosen));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("route_decision").at("eligible"), 2);
  EXPECT_TRUE(usage_csv_line(chosen).ends_with(
      ",\"{\"\"strategy\"\":\"\"cheapest\"\",\"\"eligible\"\":2}\"\r\n"));
  const auto plain = parse_json(render_usage_row(row()));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->at("route_decision").is_null());
}

}  // namespace
}  // namespace tollgate
