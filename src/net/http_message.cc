#include "net/http_message.h"

#include <algorithm>

namespace tollgate::net {

namespace {

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; }

// What follows the authority of an absolute-form target; an origin-form target as it is.
std::string_view after_authority(std::string_view target) {
  if (target.starts_with('/') || target == "*") return target;
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return target;
  const std::size_t authority_end = target.find_first_of("/?#", scheme_end + 3);
  return authority_end == std::string_view::npos ? std::string_view()
                                                 : target.substr(authority_end);
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::string_view FieldList::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    // Present and empty differs from absent.
    return field.value.data() == nullptr ? std::string_view("") : field.value;
  }
  return {};
}

int FieldList::count(std::string_view name) const {
  int times = 0;
  for (const Field& field : fields) times += equals_ignoring_case(field.name, name) ? 1 : 0;
  return times;
}

std::string_view RequestHead::path() const {
  const std::string_view rest = after_authority(target);
  const std::string_view path = rest.substr(0, rest.find_first_of("?#"));
  return path.empty() ? std::string_view("/") : path;
}

std::string_view RequestHead::query() const {
  const std::string_view rest = after_authority(target);
  const std::string_view before_fragment = rest.substr(0, rest.find('#'));
  const std::size_t mark = before_fragment.find('?');
  return mark == std::string_view::npos ? std::string_view() : before_fragment.substr(mark + 1);
}

}  // namespace tollgate::net
