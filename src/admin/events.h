// GET /admin/v1/events: what happens in a workspace, as server-sent events, for pages that are
// open.
//
// A stream lives as long as its caller may watch: it asks so before each word, and every second. It
// ends with the caller's session, key or membership, when the client goes away, and at once when
// the server takes no more requests. Nothing is replayed: who comes back, or was too slow, hears
// `reset` and reads anew what it shows.
#pragma once

#include "admin/admin.h"

namespace tollgate {

// Answers by itself. kRateLimitExceeded when too many streams are open.
Task<Result<net::Response>> watch_events(AdminCall& call);

}  // namespace tollgate
