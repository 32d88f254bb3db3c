// GET /admin/v1/events: what happens in a workspace, as server-sent events, for pages that are
// open.
//
// A stream lives as long as its caller may watch: it asks so every second, and tells nothing that
// comes later than a second after the last yes. It ends with the caller's session, key or
// membership, when the client goes away, and at once when the server takes no more requests. While
// nobody can say whether the caller may watch it is silent, for some seconds; then it ends, too.
//
// Nothing is replayed: who comes back, or was too slow, hears `reset` and reads anew what it shows.
// Ids are numbered by each stream for itself, so that they say nothing of what others hear.
#pragma once

#include <string_view>

#include "admin/admin.h"

namespace tollgate {

inline constexpr std::string_view kEventsPath = "/admin/v1/events";

// Answers by itself. kRateLimitExceeded when too many streams are open.
Task<Result<net::Response>> watch_events(AdminCall& call);

}  // namespace tollgate
