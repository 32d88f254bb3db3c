// What a provider's error status means to the client (SPEC §4, §6). Pure.
#pragma once

#include <string_view>

#include "base/error.h"
#include "domain/request_needs.h"
#include "gateway/attempts.h"
#include "upstream/call.h"

namespace tollgate {

// How much of an error answer is read.
inline constexpr std::size_t kRefusalBytesMax = 64 * 1024;

// A refusal of the request itself (400, 404, 409, 413, 415, 422) keeps its status and says what the
// provider said. Everything else is kProviderError: a 401 or 403 is about the gateway's own
// credential, and a 429 is the provider's limit, not one of the key's; its Retry-After is kept, in
// seconds or as a date. What the provider said is passed on only where it holds none of what we
// sent it in secret, and is never logged: it may quote the prompt. `now` is what a Retry-After that
// is a date is counted from.
Error provider_refusal(const UpstreamHead& head, std::string_view body, const Provider& provider,
                       WallTime now);

// Whether an error answer is worth another attempt (SPEC §6 "Failover"): 408, 429 and 5xx are, and
// at another offer a prompt that is too long for this one, or a credential that is refused.
Again again_after(int status, std::string_view body);

// Whether an error answer may say that there is no such path: not that there is no such model, nor,
// of a request that names what stands at the provider, that it has no such thing.
bool may_lack_path(int status, std::string_view body, const RequestNeeds& needs);

}  // namespace tollgate
