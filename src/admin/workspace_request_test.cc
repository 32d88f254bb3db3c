#include "admin/workspace_request.h"

#include <gtest/gtest.h>

#include <string>

#include "domain/credits.h"

namespace tollgate {
namespace {

Money usd(std::string_view text) { return parse_money(text).value(); }

template <class T>
std::string param_of(const Result<T>& refused) {
  EXPECT_FALSE(refused);
  if (refused) return "accepted";
  EXPECT_EQ(refused.error().code, ErrorCode::kUnprocessable);
  return refused.error().param.value_or("");
}

Result<Ledger::GrantRequest> grant(std::string_view body) {
  return parse_grant(body, kCreditValueDefault);
}
Result<WorkspacePatch> patch(std::string_view body) {
  return parse_workspace_patch(body, kCreditValueDefault);
}

TEST(WorkspaceRequestTest, NewWorkspaceTakesANameAndNothingElse) {
  EXPECT_EQ(parse_workspace_create(R"({"name":"shop"})").value(), "shop");
  EXPECT_EQ(param_of(parse_workspace_create("{}")), "name");
  EXPECT_EQ(param_of(parse_workspace_create(R"({"name":"ws_shop"})")), "name");
  EXPECT_EQ(param_of(parse_workspace_create(R"({"name":"shop","granted":"5"})")), "granted");
  EXPECT_EQ(parse_workspace_create("{").error().code, ErrorCode::kInvalidRequest);
}

TEST(WorkspaceRequestTest, PatchSetsWhatItNamesAndLeavesTheRest) {
  Workspace workspace{.id = WorkspaceId("ws_a"), .name = "a", .created_at = {}};
  const Workspace before = workspace;
  apply_workspace_patch(patch("{}").value(), workspace);
  EXPECT_EQ(workspace, before);
  apply_workspace_patch(
      patch(R"({"name":"b","balance":{"mode":"prepaid"},)"
            R"("limits":[{"metric":"cost","window":"day","amount":"500","unit":"credits"}]})")
          .value(),
      workspace);
  EXPECT_EQ(workspace.name, "b");
  EXPECT_EQ(workspace.balance_mode, BalanceMode::kPrepaid);
  ASSERT_EQ(workspace.limits.size(), 1u);
  EXPECT_EQ(workspace.limits[0].amount, usd("5").nanos());
  apply_workspace_patch(patch(R"({"limits":[]})").value(), workspace);
  EXPECT_TRUE(workspace.limits.empty());
  EXPECT_EQ(workspace.name, "b");
}

TEST(WorkspaceRequestTest, FiguresOfABalanceAreNobodysToSet) {
  EXPECT_EQ(param_of(patch(R"({"balance":{"mode":"prepaid","granted":"5"}})")), "balance");
  EXPECT_EQ(param_of(patch(R"({"balance":{"mode":"free"}})")), "balance.mode");
  EXPECT_EQ(param_of(patch(R"({"balance":"prepaid"})")), "balance.mode");
  EXPECT_EQ(param_of(patch(R"({"balance":null})")), "balance.mode");
}

TEST(WorkspaceRequestTest, EveryProblemOfALimitIsNamed) {
  const auto refused = patch(R"({"limits":[{"metric":"cost","window":"day","amount":5},)"
                             R"({"metric":"joy","window":"day","amount":5}],"name":""})");
  ASSERT_FALSE(refused);
  for (const auto* param : {"limits[0].amount", "limits[1].metric", "name"}) {
    EXPECT_NE(refused.error().details_json.find(param), std::string::npos) << param;
  }
}

TEST(WorkspaceRequestTest, GrantsAreInUsdUnlessTheySayCredits) {
  EXPECT_EQ(grant(R"({"amount":"25"})")->amount, usd("25"));
  EXPECT_EQ(grant(R"({"amount":"25","unit":"usd"})")->amount, usd("25"));
  EXPECT_EQ(grant(R"({"amount":"500","unit":"credits","note":"June"})")->amount, usd("5"));
  EXPECT_EQ(grant(R"({"amount":"500","unit":"credits","note":"June"})")->note, "June");
}

TEST(WorkspaceRequestTest, MinusMakesADeduction) {
  EXPECT_EQ(grant(R"({"amount":"-0.000000001"})")->amount, Money::from_nanos(-1));
  EXPECT_EQ(grant(R"({"amount":"-500","unit":"credits"})")->amount.nanos(), -usd("5").nanos());
}

TEST(WorkspaceRequestTest, AmountsThatAreNoneAreRefused) {
  for (const auto* amount : {"\"0\"", "\"-0\"", "\"--5\"", "\"+5\"", "\"1e3\"", "\"\"", "25",
                             "null", "\"0.0000000001\"", "\"9000000001\""}) {
    EXPECT_EQ(param_of(grant(std::string(R"({"amount":)") + amount + "}")), "amount") << amount;
  }
  EXPECT_EQ(param_of(grant("{}")), "amount");
  EXPECT_EQ(param_of(grant(R"({"amount":"5","unit":"euro"})")), "unit");
}

TEST(WorkspaceRequestTest, NotesAreBoundedText) {
  const auto noted = [](const std::string& note) {
    return grant(R"({"amount":"1","note":")" + note + "\"}");
  };
  EXPECT_TRUE(noted(std::string(1'024, 'a')));
  EXPECT_EQ(param_of(noted(std::string(1'025, 'a'))), "note");
  EXPECT_EQ(param_of(noted(R"(\u001b[2J)")), "note");
}

TEST(WorkspaceRequestTest, TestClockMovesByAWhileOrToATime) {
  EXPECT_EQ(parse_test_clock(R"({"advance":"1h"})").value(),
            TestClockMove(std::chrono::microseconds(std::chrono::hours(1))));
  EXPECT_EQ(parse_test_clock(R"({"now":"2027-01-31T00:00:00Z"})").value(),
            TestClockMove(parse_time("2027-01-31").value()));
}

TEST(WorkspaceRequestTest, TestClockTakesExactlyOneMove) {
  EXPECT_EQ(param_of(parse_test_clock("{}")), "advance");
  EXPECT_EQ(param_of(parse_test_clock(R"({"advance":"-1h"})")), "advance");
  EXPECT_EQ(param_of(parse_test_clock(R"({"advance":60})")), "advance");
  EXPECT_EQ(param_of(parse_test_clock(R"({"now":"tomorrow"})")), "now");
  EXPECT_EQ(param_of(parse_test_clock(R"({"advance":"1h","now":"2027-01-31"})")), "now");
}

}  // namespace
}  // namespace tollgate
