#include "admin/workspace_json.h"

#include <chrono>
#include <optional>

#include "admin/json_fields.h"
#include "base/json.h"
#include "domain/credits.h"
#include "domain/limit_json.h"

namespace tollgate {

namespace {

// What is available has no bound where the balance is unlimited.
Result<std::string> render_balance(const Balance& balance, Money credit_value) {
  const Result<Money> available = balance.available();
  if (!available) return std::unexpected(available.error());
  const bool prepaid = balance.mode == BalanceMode::kPrepaid;
  return JsonFields()
      .text("mode", balance_mode_name(balance.mode))
      .money("granted", balance.granted)
      .money("charged", balance.charged)
      .money("held", balance.held)
      .text_or_null("available", prepaid ? format_money(*available) : "")
      .text_or_null("credits", prepaid ? format_credits(*available, credit_value) : "")
      .finish();
}

}  // namespace

Result<std::string> render_workspace(const Workspace& workspace, const WorkspaceState& state,
                                     Money credit_value, WallTime now) {
  const Result<std::string> shown_balance = render_balance(state.balance, credit_value);
  if (!shown_balance) return shown_balance;
  std::optional<WallTime> test_time;
  if (workspace.test_clock_offset > std::chrono::microseconds(0)) {
    test_time = workspace_time(workspace, Environment::kSandbox, now);
  }
  return JsonFields()
      .text("id", workspace.id.get())
      .text("name", workspace.name)
      .time("created_at", workspace.created_at)
      .raw("limits", json::serialize(limits_json(state.limits)))
      .raw("sandbox_limits", json::serialize(limits_json(state.sandbox_limits)))
      .raw("balance", *shown_balance)
      .time_or_null("test_time", test_time)
      .finish();
}

std::string render_grant(const Grant& grant, Money credit_value) {
  return JsonFields()
      .text("id", grant.id)
      .text("workspace_id", grant.workspace.get())
      .time("at", grant.at)
      .money("amount", grant.amount)
      .text("credits", format_credits(grant.amount, credit_value))
      .text_or_null("note", grant.note)
      .text("actor", grant.actor)
      .finish();
}

}  // namespace tollgate
