#include "domain/token.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace tollgate {

namespace {

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kStandardPrefix = "sk-tg-";
constexpr std::size_t kPrefixLengthMax = 24;
constexpr TokenKind kKinds[] = {TokenKind::kProduction, TokenKind::kSandbox,
                                TokenKind::kManagement};

// Bits × 100, so that no floating point is needed.
constexpr int kCentibitsPerCharacter = 595;
constexpr int kLast4Centibits = 2'400;

int random_length(std::size_t prefix_length) {
  return kTokenLength - kTokenChecksumLength - static_cast<int>(prefix_length);
}

int hidden_centibits(std::size_t prefix_length) {
  const int shown = std::max(0, kTokenPreviewLength - static_cast<int>(prefix_length));
  const int hidden = random_length(prefix_length) - shown;
  return hidden * kCentibitsPerCharacter - kLast4Centibits;
}

bool allowed_in_prefix(char c) {
  return kBase62.find(c) != std::string_view::npos || c == '-' || c == '_';
}

// The checksum's characters, most significant first: 62^6 is more than 2^32.
std::string checksum_of(std::string_view text) {
  std::uint32_t value = crc32(text);
  std::string out(kTokenChecksumLength, kBase62.front());
  for (auto at = out.rbegin(); at != out.rend(); ++at) {
    *at = kBase62[value % kBase62.size()];
    value /= static_cast<std::uint32_t>(kBase62.size());
  }
  return out;
}

bool visible_ascii(char c) { return c >= 0x21 && c <= 0x7E; }

}  // namespace

Result<TokenFormat> TokenFormat::create(std::string prefix) {
  if (prefix.empty() || prefix.size() > kPrefixLengthMax ||
      !std::ranges::all_of(prefix, allowed_in_prefix)) {
    return fail(ErrorCode::kInvalidRequest,
                "A token prefix is 1 to 24 characters of letters, digits, - and _.");
  }
  TokenFormat format(std::move(prefix));
  for (const TokenKind kind : kKinds) {
    const std::string full = format.prefix_of(kind);
    if (hidden_centibits(full.size()) < kHiddenBitsMin * 100) {
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("The token prefix is too long: tokens starting with {} would keep "
                              "fewer than {} secret bits. Use at most 13 characters.",
                              full, kHiddenBitsMin));
    }
  }
  return format;
}

TokenFormat TokenFormat::standard() { return TokenFormat(std::string(kStandardPrefix)); }

std::string TokenFormat::prefix_of(TokenKind kind) const {
  switch (kind) {
    case TokenKind::kProduction:
      return prefix_;
    case TokenKind::kSandbox:
      return prefix_ + "test-";
    case TokenKind::kManagement:
      return prefix_ + "admin-";
  }
  bug("a token kind outside its enum", std::source_location::current());
}

Secret TokenFormat::mint(TokenKind kind, Random& random) const {
  std::string token;
  token.reserve(kTokenLength);  // once, so that growing leaves no copy behind
  token += prefix_of(kind);
  for (int i = random_length(token.size()); i > 0; --i) {
    token += kBase62[random.below(static_cast<std::uint32_t>(kBase62.size()))];
  }
  token += checksum_of(token);
  return Secret(std::move(token));
}

// One rule for all kinds: P"test-" and P"admin-" start with P, and the checksum covers whatever
// stands before it.
bool TokenFormat::plausible(std::string_view token) const {
  if (token.empty() || token.size() > kTokenLengthMax ||
      !std::ranges::all_of(token, visible_ascii)) {
    return false;
  }
  const bool ours = token.size() == kTokenLength && token.starts_with(prefix_);
  return !ours || has_token_checksum(token);
}

bool TokenFormat::looks_like_token(std::string_view text) const {
  return text.size() == kTokenLength &&
         (text.starts_with(prefix_) || text.starts_with(kStandardPrefix) ||
          has_token_checksum(text));
}

bool has_token_checksum(std::string_view text) {
  if (text.size() != kTokenLength) return false;
  const std::string_view body = text.substr(0, kTokenLength - kTokenChecksumLength);
  return text.substr(body.size()) == checksum_of(body);
}

Sha256 token_hash(std::string_view token) { return sha256(token); }

std::string token_preview(std::string_view token) {
  const std::size_t shown = std::min<std::size_t>(kTokenPreviewLength, token.size() * 3 / 8);
  return std::string(token.substr(0, shown)) + "...";
}

std::string token_last4(std::string_view token) {
  return token.size() < 16 ? std::string() : std::string(token.substr(token.size() - 4));
}

}  // namespace tollgate
