#include "admin/usage_fields.h"

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

TEST(UsageFieldsTest, RowHasTheNamesOfTheContractAndMoneyAsDecimalStrings) {
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

TEST(UsageFieldsTest, CsvHasTheNamesOfTheJsonInTheSameOrder) {
  const auto value = parse_json(render_usage_row(row()));
  std::vector<std::string> names;
  for (const auto& member : value->as_object()) names.emplace_back(member.key());
  std::string header = usage_csv_header();
  ASSERT_TRUE(header.ends_with("\r\n"));
  header.resize(header.size() - 2);
  EXPECT_EQ(split(header), names);
}

TEST(UsageFieldsTest, CsvLineHasAsManyFieldsAsTheHeader) {
  UsageRow plain = row();
  plain.attempts.clear();
  EXPECT_EQ(split(usage_csv_line(plain)).size(), split(usage_csv_header()).size());
}

TEST(UsageFieldsTest, ClientTextThatIsNoUtf8StillMakesValidJson) {
  UsageRow odd = row();
  odd.client = "agent\xff\x01\"";
  EXPECT_TRUE(parse_json(render_usage_row(odd)));
}

TEST(CsvFieldsTest, QuotesCommasQuotesAndLineBreaks) {
  EXPECT_EQ(CsvFields().text("a", "x,y").line(), "\"x,y\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "say \"hi\"").line(), "\"say \"\"hi\"\"\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "two\nlines").line(), "\"two\nlines\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "plain").text("b", "").line(), "plain,\r\n");
}

TEST(CsvFieldsTest, WhatASpreadsheetWouldRunIsPrefixed) {
  for (const std::string start : {"=", "+", "-", "@", "\t"}) {
    EXPECT_EQ(CsvFields().text("a", start + "1+1").line(), "'" + start + "1+1\r\n");
  }
  EXPECT_EQ(CsvFields().text("a", "\r=1").line(), "\"'\r=1\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "=HYPERLINK(\"x\",\"y\")").line(),
            "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
  EXPECT_EQ(CsvFields().text("a", "a=1").line(), "a=1\r\n");
}

TEST(CsvFieldsTest, NumbersAndMoneyStayNumbers) {
  EXPECT_EQ(CsvFields().number("a", -5).money("b", Money::from_nanos(-3'250'000'000)).line(),
            "-5,-3.25\r\n");
  EXPECT_EQ(CsvFields().number_or_null("a", std::nullopt).number("b", 1).line(), ",1\r\n");
}

TEST(UsageTotalTest, IsNamedAfterItsGroup) {
  store::UsageTotal total;
  total.group = "key_1";
  total.key_name = "checkout";
  total.requests = 4;
  const auto by_key = parse_json(render_usage_total(total, store::UsageGroup::kKey));
  EXPECT_EQ(by_key->at("key"), "key_1");
  EXPECT_EQ(by_key->at("key_name"), "checkout");
  EXPECT_EQ(by_key->at("requests"), 4);
  total.group = "2026-11-21";
  const auto by_day = parse_json(render_usage_total(total, store::UsageGroup::kDay));
  EXPECT_EQ(by_day->at("day"), "2026-11-21");
  EXPECT_FALSE(by_day->as_object().contains("key_name"));
  EXPECT_TRUE(usage_total_csv_header(store::UsageGroup::kModel).starts_with("model,requests,"));
  EXPECT_TRUE(usage_total_csv_line(total, store::UsageGroup::kDay).starts_with("2026-11-21,4,"));
}

}  // namespace
}  // namespace tollgate
