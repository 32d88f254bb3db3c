#include "cli/workspace_document.h"

#include <gtest/gtest.h>

namespace tollgate::cli {
namespace {

std::string grant_text(const WorkspaceFlags& flags) {
  const auto body = grant_document(flags);
  return body ? json::serialize(*body) : "refused";
}

TEST(WorkspaceDocument, AmountsAreUsdOrCredits) {
  EXPECT_EQ(grant_text({.amount = "25"}), R"({"amount":"25"})");
  EXPECT_EQ(grant_text({.amount = "$0.50"}), R"({"amount":"0.5"})");
  EXPECT_EQ(grant_text({.amount = "500cr"}), R"({"amount":"500","unit":"credits"})");
  EXPECT_EQ(grant_text({.amount = "1", .note = "June"}), R"({"amount":"1","note":"June"})");
}

TEST(WorkspaceDocument, DeductionsCarryAMinus) {
  EXPECT_EQ(grant_text({.amount = "-5"}), R"({"amount":"-5"})");
  EXPECT_EQ(grant_text({.deduct = "5"}), R"({"amount":"-5"})");
  EXPECT_EQ(grant_text({.deduct = "500cr"}), R"({"amount":"-500","unit":"credits"})");
}

TEST(WorkspaceDocument, ExactlyOneAmountIsGiven) {
  EXPECT_EQ(grant_text({}), "refused");
  EXPECT_EQ(grant_text({.amount = "5", .deduct = "5"}), "refused");
  EXPECT_EQ(grant_text({.deduct = "-5"}), "refused");
  EXPECT_EQ(grant_text({.amount = "five"}), "refused");
}

TEST(WorkspaceDocument, UpdateHoldsWhatWasGiven) {
  EXPECT_TRUE(workspace_update_document({}).value().empty());
  WorkspaceFlags flags{.name = "market", .balance = "prepaid"};
  flags.limits.monthly = "500";
  EXPECT_EQ(json::serialize(workspace_update_document(flags).value()),
            R"({"name":"market","balance":{"mode":"prepaid"},)"
            R"("limits":[{"metric":"cost","window":"month","amount":"500"}]})");
  flags.no_limits = true;
  EXPECT_FALSE(workspace_update_document(flags));
  flags.limits = {};
  EXPECT_EQ(json::serialize(workspace_update_document(flags).value().at("limits")), "[]");
}

TEST(WorkspaceDocument, ClockMovesByAWhileOrToATime) {
  EXPECT_EQ(json::serialize(test_clock_document({.advance = "1h"}).value()), R"({"advance":"1h"})");
  EXPECT_EQ(json::serialize(test_clock_document({.to = "2027-01-01"}).value()),
            R"({"now":"2027-01-01"})");
  for (const WorkspaceFlags& wrong :
       {WorkspaceFlags{}, WorkspaceFlags{.advance = "1h", .to = "2027-01-01"},
        WorkspaceFlags{.advance = "soon"}, WorkspaceFlags{.to = "soon"}}) {
    EXPECT_FALSE(test_clock_document(wrong));
  }
}

}  // namespace
}  // namespace tollgate::cli
