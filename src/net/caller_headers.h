// The headers that tell who asks and from where, read in one pass over a request's head. What they
// mean is domain's (credentials.h, client_address.h).
#pragma once

#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace tollgate::net {

struct CallerHeaders {
  std::string_view authorization;
  std::string_view x_api_key;
  std::string_view api_key;
  std::string_view x_goog_api_key;
  bool credential_repeated = false;  // one of the four stood twice, with different values
  std::string_view request_id;       // X-Request-Id
  std::vector<std::string_view> forwarded_for;  // every X-Forwarded-For, in order
  std::string_view forwarded_proto;
};

// The views point into the head.
CallerHeaders read_caller_headers(const FieldList& head);

}  // namespace tollgate::net
