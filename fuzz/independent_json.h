// JSON as another library reads it, for fuzz targets to compare with what ours accepted.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "dialects/json_cursor.h"
#include "fuzzing.h"

namespace tollgate::fuzz {

// The object that the text is; its being anything else breaks a claim. nullopt where only
// Boost.JSON refuses what RFC 8259 allows: lone surrogates and huge exponents.
inline std::optional<boost::json::object> parse_independently(std::string_view text) {
  namespace json = boost::json;
  json::parse_options options;
  options.max_depth = kRequestDepthMax + 2;  // what the gateway puts around a request, too
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  const bool may_hold_surrogates = text.contains("\\ud") || text.contains("\\uD");
  if (error == json::error::exponent_overflow || (error && may_hold_surrogates)) {
    return std::nullopt;
  }
  require(!error);
  require(value.is_object());
  return value.as_object();
}

}  // namespace tollgate::fuzz
