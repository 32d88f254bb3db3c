#include "oidc/web_keys.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/json.h"

namespace tollgate::oidc {

namespace {

constexpr std::size_t kRsaBytesMin = 256;  // 2048 bits
constexpr std::size_t kRsaBytesMax = 1'024;

struct Algorithm {
  std::string_view name;
  KeyKind kind;
};

constexpr std::array kAlgorithms = {
    Algorithm{"RS256", KeyKind::kRsa},  Algorithm{"RS384", KeyKind::kRsa},
    Algorithm{"RS512", KeyKind::kRsa},  Algorithm{"PS256", KeyKind::kRsa},
    Algorithm{"ES256", KeyKind::kP256}, Algorithm{"ES384", KeyKind::kP384}};

const Algorithm* find_algorithm(std::string_view name) {
  const auto* found = std::ranges::find(kAlgorithms, name, &Algorithm::name);
  return found == kAlgorithms.end() ? nullptr : found;
}

struct Deallocate {
  void operator()(void* memory) const { cjose_get_dealloc()(memory); }
};
struct ReleaseKey {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct ReleaseSigned {
  void operator()(cjose_jws_t* text) const { cjose_jws_release(text); }
};

std::unexpected<Error> not_believed(std::string why) {
  return fail(ErrorCode::kInvalidCredentials,
              "What the sign-in provider said could not be verified.", std::move(why));
}

std::optional<std::string> decoded(std::string_view text) {
  cjose_err error{};
  std::uint8_t* bytes = nullptr;
  std::size_t length = 0;
  if (text.empty() || !cjose_base64url_decode(text.data(), text.size(), &bytes, &length, &error)) {
    return std::nullopt;
  }
  const std::unique_ptr<std::uint8_t, Deallocate> owned(bytes);
  return std::string(reinterpret_cast<const char*>(bytes), length);
}

constexpr std::size_t encoded_length(std::size_t bytes) { return (bytes * 4 + 2) / 3; }

bool is_base64url(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// The three parts of a compact JWS, each of base64url's letters alone.
std::optional<std::array<std::string_view, 3>> parts_of(std::string_view token) {
  if (token.size() > kTokenBytesMax || std::ranges::count(token, '.') != 2) return std::nullopt;
  const auto first = token.find('.');
  const auto second = token.rfind('.');
  const std::array parts = {token.substr(0, first), token.substr(first + 1, second - first - 1),
                            token.substr(second + 1)};
  if (!std::ranges::all_of(parts, is_base64url)) return std::nullopt;
  return parts;
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

// The members that make a public key, copied, so that the library sees no others.
std::string public_json(const json::object& key, std::string_view type) {
  json::object out{{"kty", type}};
  const bool rsa = type == "RSA";
  for (const std::string_view name : {rsa ? "n" : "crv", rsa ? "e" : "x", rsa ? "" : "y"}) {
    if (!name.empty()) out[name] = text_at(key, name);
  }
  return json::serialize(out);
}

bool imports(const std::string& json) {
  cjose_err error{};
  const std::unique_ptr<cjose_jwk_t, ReleaseKey> key(
      cjose_jwk_import(json.data(), json.size(), &error));
  return key != nullptr;
}

// nullopt for a key that no believed signature is made with.
std::optional<WebKey> read_key(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) return std::nullopt;
  const std::string use = text_at(*object, "use");
  if (!use.empty() && use != "sig") return std::nullopt;
  const std::string type = text_at(*object, "kty");
  const std::string curve = text_at(*object, "crv");
  WebKey key;
  key.id = text_at(*object, "kid");
  key.algorithm = text_at(*object, "alg");
  std::size_t signature_bytes = 0;
  if (type == "RSA") {
    const auto modulus = decoded(text_at(*object, "n"));
    if (!modulus || modulus->front() == '\0') return std::nullopt;
    signature_bytes = modulus->size();
    if (signature_bytes < kRsaBytesMin || signature_bytes > kRsaBytesMax) return std::nullopt;
  } else if (type == "EC" && (curve == "P-256" || curve == "P-384")) {
    key.kind = curve == "P-256" ? KeyKind::kP256 : KeyKind::kP384;
    signature_bytes = curve == "P-256" ? 64 : 96;
  } else {
    return std::nullopt;
  }
  const Algorithm* const only = find_algorithm(key.algorithm);
  if (!key.algorithm.empty() && (only == nullptr || only->kind != key.kind)) return std::nullopt;
  key.signature_length = encoded_length(signature_bytes);
  key.json = public_json(*object, type);
  if (!imports(key.json)) return std::nullopt;
  return key;
}

bool serves(const WebKey& key, const TokenHeader& header) {
  const Algorithm* const algorithm = find_algorithm(header.algorithm);
  return algorithm != nullptr && algorithm->kind == key.kind &&
         (key.algorithm.empty() || key.algorithm == header.algorithm);
}

}  // namespace

Result<TokenHeader> read_token_header(std::string_view token) {
  const auto parts = parts_of(token);
  const auto text = parts ? decoded((*parts)[0]) : std::nullopt;
  if (!text) return not_believed("the token is no compact JWS");
  const auto value = parse_json(*text);
  const json::object* const object = value ? value->if_object() : nullptr;
  if (object == nullptr) return not_believed("the token's header is no JSON object");
  if (object->contains("crit")) return not_believed("the token demands an extension (crit)");
  TokenHeader header{.algorithm = text_at(*object, "alg"), .key_id = text_at(*object, "kid")};
  if (find_algorithm(header.algorithm) == nullptr) {
    return not_believed("the token is signed in a way that is not believed (alg)");
  }
  return header;
}

Result<WebKeys> WebKeys::parse(std::string_view text) {
  const auto value = parse_json(text);
  const json::object* const document = value ? value->if_object() : nullptr;
  const json::value* const keys = document == nullptr ? nullptr : document->if_contains("keys");
  if (keys == nullptr || !keys->is_array() || keys->get_array().size() > kWebKeysMax) {
    return fail(ErrorCode::kProviderError, "The sign-in provider's keys cannot be read.");
  }
  WebKeys read;
  for (const json::value& one : keys->get_array()) {
    if (auto key = read_key(one)) read.keys_.push_back(std::move(*key));
  }
  return read;
}

const WebKey* WebKeys::find(const TokenHeader& header) const {
  const WebKey* found = nullptr;
  for (const WebKey& key : keys_) {
    if (!header.key_id.empty() && key.id != header.key_id) continue;
    if (!serves(key, header)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

Result<std::string> verified_payload(std::string_view token, const WebKey& key) {
  const auto parts = parts_of(token);
  // The library is handed only signatures of the right length: it reads them by the key's.
  if (!parts || (*parts)[2].size() != key.signature_length) {
    return not_believed("the token's signature is not the key's (length)");
  }
  cjose_err error{};
  const std::unique_ptr<cjose_jwk_t, ReleaseKey> imported(
      cjose_jwk_import(key.json.data(), key.json.size(), &error));
  const std::unique_ptr<cjose_jws_t, ReleaseSigned> text(
      cjose_jws_import(token.data(), token.size(), &error));
  if (imported == nullptr || text == nullptr) return not_believed("the token cannot be read");
  if (!cjose_jws_verify(text.get(), imported.get(), &error)) {
    return not_believed("the token's signature is not the key's");
  }
  std::uint8_t* payload = nullptr;
  std::size_t length = 0;
  if (!cjose_jws_get_plaintext(text.get(), &payload, &length, &error)) {
    return not_believed("the token has no payload");
  }
  return std::string(reinterpret_cast<const char*>(payload), length);
}

std::string base64url(std::string_view bytes) {
  cjose_err error{};
  char* text = nullptr;
  std::size_t length = 0;
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  check(cjose_base64url_encode(data, bytes.size(), &text, &length, &error), "base64url has memory");
  const std::unique_ptr<char, Deallocate> owned(text);
  return {text, length};
}

}  // namespace tollgate::oidc
