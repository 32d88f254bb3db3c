// Whatever a stranger sends as a credential or a URL: nothing crashes, and what is taken for a
// token keeps the promises that later steps stand on.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/credentials.h"
#include "domain/token.h"
#include "fuzz/fuzzing.h"

using tollgate::TokenFormat;
using tollgate::fuzz::lies_in;
using tollgate::fuzz::require;

namespace {

void check_token(std::string_view input, const TokenFormat& format) {
  if (!format.plausible(input)) return;
  require(!input.empty() && input.size() <= tollgate::kTokenLengthMax);
  const bool ours = input.size() == tollgate::kTokenLength && input.starts_with(format.prefix());
  require(!ours || tollgate::has_token_checksum(input));
}

// The input cut in two is an Authorization and an x-api-key.
void check_credential(std::string_view input) {
  const std::string_view authorization = input.substr(0, input.size() / 2);
  const std::string_view x_api_key = input.substr(input.size() / 2);
  const auto found =
      tollgate::find_credential({.authorization = authorization, .x_api_key = x_api_key});
  if (!found) return;
  require(!found->empty() && found->size() <= tollgate::kTokenLengthMax);
  require(lies_in(*found, input));
}

void check_url(std::string_view input, const TokenFormat& format) {
  const bool has_query = input.find('?') != std::string_view::npos;
  require(has_query || !tollgate::key_in_url(input, format));
  const std::string scrubbed = tollgate::scrubbed_target(input);
  require(!tollgate::key_in_url(scrubbed, format));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TokenFormat format = TokenFormat::standard();
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view input = copy.view();
  check_token(input, format);
  check_credential(input);
  check_url(input, format);
  require(!tollgate::has_token_checksum(tollgate::safe_request_id(input)));
  return 0;
}
