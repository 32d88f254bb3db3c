#include "net/http_date.h"

#include <array>
#include <ctime>
#include <string>

namespace tollgate::net {

namespace {

// IMF-fixdate, then the obsolete ones of RFC 850 and of asctime().
constexpr std::array kForms = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                               "%a %b %d %H:%M:%S %Y"};
constexpr std::size_t kLengthMax = 64;

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (text.empty() || text.size() > kLengthMax) return std::nullopt;
  const std::string terminated(text);
  for (const char* form : kForms) {
    std::tm parts{};
    const char* end = strptime(terminated.c_str(), form, &parts);
    if (end == nullptr || *end != '\0') continue;
    return WallTime(std::chrono::seconds(timegm(&parts)));
  }
  return std::nullopt;
}

}  // namespace tollgate::net
