#include "admin/audit.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace tollgate {
namespace {

store::AuditRow row() {
  store::AuditRow row;
  row.number = 3;
  row.entry.at = parse_time("2026-11-21T10:00:00Z").value();
  row.entry.actor = "cli";
  row.entry.action = "key.create";
  row.entry.object = "key_1";
  row.entry.after = R"({"name":"checkout"})";
  row.entry.from_address = "local socket";
  row.entry.workspace = WorkspaceId("ws_default");
  row.hash[0] = 0xab;
  return row;
}

TEST(AuditJsonTest, ShowsWhoWhatBeforeAndAfter) {
  const auto value = parse_json(render_audit_row(row()));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("id"), 3);
  EXPECT_EQ(value->at("actor"), "cli");
  EXPECT_EQ(value->at("action"), "key.create");
  EXPECT_EQ(value->at("workspace_id"), "ws_default");
  EXPECT_TRUE(value->at("before").is_null());
  EXPECT_EQ(value->at("after").at("name"), "checkout");
  EXPECT_EQ(value->at("from"), "local socket");
  EXPECT_TRUE(std::string_view(value->at("hash").as_string()).starts_with("ab00"));
}

TEST(AuditJsonTest, StoredTextThatIsNoJsonAnyMoreIsShownAsAString) {
  store::AuditRow edited = row();
  edited.entry.after = R"({"name":)";
  const auto value = parse_json(render_audit_row(edited));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("after"), R"({"name":)");
}

TEST(AuditJsonTest, VerdictSaysWhereTheChainBreaks) {
  const auto sound = parse_json(render_audit_verdict({.rows = 9}));
  EXPECT_EQ(sound->at("valid"), true);
  EXPECT_EQ(sound->at("rows"), 9);
  EXPECT_TRUE(sound->at("first_bad").is_null());
  EXPECT_TRUE(sound->at("problem").is_null());
  const auto broken = parse_json(
      render_audit_verdict({.rows = 2, .first_bad = 3, .problem = "The row was edited."}));
  EXPECT_EQ(broken->at("valid"), false);
  EXPECT_EQ(broken->at("first_bad"), 3);
  EXPECT_EQ(broken->at("problem"), "The row was edited.");
}

}  // namespace
}  // namespace tollgate
