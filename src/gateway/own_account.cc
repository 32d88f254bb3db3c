#include "gateway/own_account.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/credits.h"
#include "domain/json_fields.h"
#include "domain/usage_row_fields.h"
#include "gateway/answers.h"
#include "gateway/caller.h"
#include "store/usage_rows.h"

namespace tollgate {

namespace {

// The value of `id` in a query; a generation's id needs no percent-escapes.
std::string_view id_of(std::string_view query) {
  constexpr std::string_view kName = "id=";
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (part.starts_with(kName)) return part.substr(kName.size());
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return {};
}

std::string credits_json(const Balance& balance, Money available, Money credit_value) {
  const bool prepaid = balance.mode == BalanceMode::kPrepaid;
  const auto shown = [&](Money money) { return format_credits(money, credit_value); };
  return JsonFields()
      .raw("unlimited", prepaid ? "false" : "true")
      .text_or_null("balance", prepaid ? shown(available) : "")
      .text("granted", shown(balance.granted))
      .text("used", shown(balance.charged))
      .text("held", shown(balance.held))
      .text("unit", "credits")
      .money("credit_value", credit_value)
      .finish();
}

}  // namespace

Task<> own_credits(Gateway& gateway, net::Exchange& exchange) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  const Balance balance = gateway.ledger.standing(caller->identity).balance;
  const Result<Money> available = balance.available();
  if (!available) co_return co_await refuse(gateway, exchange, *caller, available.error());
  std::string body = credits_json(balance, *available, caller->state->credit_value);
  co_await answer_json(gateway, exchange, *caller, std::move(body));
}

Task<> own_generation(Gateway& gateway, net::Exchange& exchange) {
  const auto caller = co_await known_caller(gateway, exchange);
  if (!caller) co_return;
  const std::optional<GenerationNumber> id = parse_generation_id(id_of(exchange.head().query()));
  if (!id) {
    Error error{.code = ErrorCode::kInvalidRequest,
                .message =
                    "Name a generation: /v1/generation?id=gen_…, as an answer's header "
                    "X-Tollgate-Generation-Id had it.",
                .param = "id"};
    co_return co_await refuse(gateway, exchange, *caller, std::move(error));
  }
  std::function<Result<UsageRow>(sql::Connection&)> work = [id = *id](sql::Connection& connection) {
    return store::get_usage(connection, id);
  };
  const auto row = co_await gateway.ledger.read(std::move(work));
  const bool own = row && row->key_number == caller->identity.key().number;
  if (!own && (row || row.error().code == ErrorCode::kNotFound)) {
    Error error{.code = ErrorCode::kNotFound,
                .message =
                    "This key has made no such generation. Requests that were refused leave "
                    "none.",
                .param = "id"};
    co_return co_await refuse(gateway, exchange, *caller, std::move(error));
  }
  if (!row) co_return co_await refuse(gateway, exchange, *caller, row.error());
  std::string body = render_usage_row(*row);
  co_await answer_json(gateway, exchange, *caller, std::move(body));
}

}  // namespace tollgate
