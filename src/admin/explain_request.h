// The body of POST /admin/v1/route/explain, read strictly. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "dialects/chat_request.h"

namespace tollgate {

struct ExplainRequest {
  std::string key;     // id or name
  std::string region;  // as X-Tollgate-Region would have it; empty = none
  CompletionKind kind = CompletionKind::kChat;
  std::string_view body;  // the bytes that would be sent; of the text that was read
};

// {"key", "body", "route": "/v1/chat/completions" if absent, "region"}; unknown members are
// refused. kInvalidRequest for what is no JSON, kUnprocessable with `param` for all else. What
// stands in `body` is not looked at: that is the data plane's to judge.
Result<ExplainRequest> read_explain_request(std::string_view text);

}  // namespace tollgate
