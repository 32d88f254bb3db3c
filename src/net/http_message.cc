#include "net/http_message.h"

#include <strings.h>

namespace tollgate::net {

namespace {

bool same_name(std::string_view left, std::string_view right) {
  return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

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

std::string_view FieldList::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (!same_name(field.name, name)) continue;
    // Present and empty differs from absent.
    return field.value.data() == nullptr ? std::string_view("") : field.value;
  }
  return {};
}

int FieldList::count(std::string_view name) const {
  int times = 0;
  for (const Field& field : fields) times += same_name(field.name, name) ? 1 : 0;
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
