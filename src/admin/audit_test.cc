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
  const auto value = parse_json(render_audit_row(row(), "local CLI"));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("id"), 3);
  EXPECT_EQ(value->at("actor"), "cli");
  EXPECT_EQ(value->at("actor_name"), "local CLI");
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
  const auto value = parse_json(render_audit_row(edited, ""));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("after"), R"({"name":)");
  EXPECT_TRUE(value->at("actor_name").is_null());
}

TEST(AuditRequestTest, ReadsEveryFilterAndNoOther) {
  auto query = Query::parse(
      "action=key&actor=ada%40example.com&object=key_1&from=2026-11-01&to=2026-11-21&limit=5");
  ASSERT_TRUE(query);
  const auto request = parse_audit_request(*query, WorkspaceId("ws_default"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->actor, "ada@example.com");
  EXPECT_EQ(request->query.action, "key");
  EXPECT_EQ(request->query.object, "key_1");
  EXPECT_EQ(request->query.from, parse_time("2026-11-01T00:00:00Z").value());
  EXPECT_EQ(request->query.to, parse_time("2026-11-22T00:00:00Z").value());
  EXPECT_EQ(request->query.limit, 5);
  for (const auto* text : {"from=yesterday", "to=x", "from=2026-11-02&to=2026-10-01", "who=ada"}) {
    auto bad = Query::parse(text);
    ASSERT_TRUE(bad) << text;
    EXPECT_EQ(parse_audit_request(*bad, {}).error().code, ErrorCode::kInvalidRequest) << text;
  }
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
