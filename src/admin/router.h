// Which handler an admin path means. Pure: paths are compared, nothing is called.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/key.h"

namespace tollgate {

// Who may knock: anybody, one who shows a key, the socket or a session, or a person alone.
enum class Door { kAnybody, kCaller, kPerson };

// "/admin/v1/keys/{id}/rotate": a segment in braces takes any one segment.
struct RoutePattern {
  std::string_view method;
  std::string_view pattern;
  Role minimum = Role::kViewer;  // the least role that may call it; none is asked of kAnybody
  Door door = Door::kCaller;
};

struct RouteMatch {
  enum class Outcome { kFound, kUnknownPath, kUnknownMethod };
  Outcome outcome = Outcome::kUnknownPath;
  std::size_t index = 0;  // kFound: into the table
  std::string id;         // kFound: what stood for {id}, percent-decoded
  std::string allow;      // kUnknownMethod: the path's methods, for the Allow field
};

// A trailing slash, an empty segment and a broken percent-escape match nothing.
RouteMatch match_route(std::span<const RoutePattern> table, std::string_view method,
                       std::string_view path);

}  // namespace tollgate
