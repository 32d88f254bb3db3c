// Where a key's request may go: the key's rules, its profile's and the request's own, put to the
// Snapshot. The third step of the main path; explain takes the same, and all that was looked at.
// Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "dialects/chat_request.h"
#include "dialects/read_prompt.h"
#include "domain/key.h"
#include "routing/choose.h"

namespace tollgate {

// kInsufficientScope for a management key.
Status may_call_models(const Key& key);

// The rules that a profile key carries; null for any other key. kDisabledApiKey where the profile
// is gone, or is another workspace's.
Result<const ProfileRules*> profile_of(const Key& key, const Snapshot& snapshot);

// Whether the key's requests have to name a model.
ModelMember model_member(const ProfileRules* profile);

struct KeyRequest {
  const Key& key;
  const ProfileRules* profile;  // profile_of(key)
  const ChatRequest& request;
  std::string_view body;                // that it was read from
  std::string_view region_header = {};  // X-Tollgate-Region
  std::uint64_t turn = 0;               // as RouteNeeds has it
  SteadyTime now;
  const PromptText* prompt = nullptr;  // of prompt_of(), where that was asked before
};

// What rules judge the prompt by; nullopt where none does. Reads the whole body.
std::optional<PromptText> prompt_of(const Snapshot& snapshot, const KeyRequest& asked);

// The errors of requested_region() and choose_route().
Result<Route> route_of(const std::shared_ptr<const Snapshot>& snapshot, const KeyRequest& asked);
Explanation explain_route_of(const std::shared_ptr<const Snapshot>& snapshot,
                             const KeyRequest& asked);

}  // namespace tollgate
