// Limits as people type them, turned into the API's JSON (SPEC §12): `cost:25/month`,
// `requests:60/60s`, `concurrency:4`, `--daily 500cr`. Pure; exact, no floating point.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace tollgate::cli {

// The friendly flags (SPEC §5), each the text it was given.
struct LimitFlags {
  std::vector<std::string> limit;          // --limit METRIC:AMOUNT/WINDOW
  std::optional<std::string> cost;         // --cost AMOUNT[/WINDOW], lifetime without a window
  std::optional<std::string> tokens;       // --tokens N[/WINDOW], likewise
  std::optional<std::string> rpm;          // --rpm N: requests per rolling 60 s
  std::optional<std::string> tpm;          // --tpm N: tokens per rolling 60 s
  std::optional<std::string> parallel;     // --parallel N: requests at once
  std::optional<std::string> daily;        // --daily AMOUNT: cost per UTC day
  std::optional<std::string> monthly;      // --monthly AMOUNT: cost per UTC month
  std::optional<std::string> max_request;  // --max-request AMOUNT: cost of one request

  bool empty() const;
};

// "METRIC:AMOUNT/WINDOW" as {"metric","window","amount"}, money as a decimal string of USD, or, for
// an amount ending in "cr", {"amount":"500","unit":"credits"}. Counts may end in k, M or G.
// Windows: 60s (or minute), hour, day, week, month, year, lifetime, request, and Nd.
// kInvalidRequest with a message that shows the right form.
Result<json::object> parse_limit(std::string_view text);

// "25", "$25" or "25usd" as "amount" of `body`, a decimal string of USD; of "500cr", 500 with
// "unit": "credits". kInvalidRequest with a message that shows the right form.
Status put_money(json::object& body, std::string_view text);

// All of them in the order of the struct; the first wrong one is the error, naming its flag.
Result<json::array> limits_document(const LimitFlags& flags);

}  // namespace tollgate::cli
