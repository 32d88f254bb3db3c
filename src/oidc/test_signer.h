// For tests: keys made anew each time, as a provider has them, and tokens signed with them.
#pragma once

#include <cjose/cjose.h>

#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "oidc/web_keys.h"

namespace tollgate::oidc {

class TestSigner {
 public:
  static TestSigner rsa(std::string id, std::string algorithm = "RS256", std::size_t bits = 2'048) {
    cjose_err error{};
    return {cjose_jwk_create_RSA_random(bits, nullptr, 0, &error), std::move(id),
            std::move(algorithm)};
  }
  static TestSigner p256(std::string id) {
    cjose_err error{};
    return {cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error), std::move(id), "ES256"};
  }
  static TestSigner p384(std::string id, std::string algorithm = "ES384") {
    cjose_err error{};
    return {cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &error), std::move(id),
            std::move(algorithm)};
  }
  // With a secret that both sides would know.
  static TestSigner symmetric(std::string id, std::string_view secret) {
    cjose_err error{};
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(secret.data());
    return {cjose_jwk_create_oct_spec(bytes, secret.size(), &error), std::move(id), "HS256"};
  }

  const std::string& id() const { return id_; }

  // Its public key as a JWK.
  json::object public_key() const {
    cjose_err error{};
    const std::unique_ptr<char, decltype(&std::free)> text(
        cjose_jwk_to_json(key_.get(), false, &error), &std::free);
    if (text == nullptr) throw std::runtime_error("no public key");
    json::object key = json::parse(text.get()).as_object();
    key["kid"] = id_;
    return key;
  }
  std::string sign(const json::object& claims) const { return sign_text(json::serialize(claims)); }
  std::string sign_text(std::string_view payload) const {
    cjose_err error{};
    cjose_header_t* header = cjose_header_new(&error);
    cjose_header_set(header, CJOSE_HDR_ALG, algorithm_.c_str(), &error);
    if (!id_.empty()) cjose_header_set(header, CJOSE_HDR_KID, id_.c_str(), &error);
    cjose_jws_t* signed_text =
        cjose_jws_sign(key_.get(), header, reinterpret_cast<const std::uint8_t*>(payload.data()),
                       payload.size(), &error);
    cjose_header_release(header);
    const char* compact = nullptr;
    if (signed_text == nullptr || !cjose_jws_export(signed_text, &compact, &error)) {
      throw std::runtime_error("the token cannot be signed");
    }
    std::string token(compact);
    cjose_jws_release(signed_text);
    return token;
  }

 private:
  struct Release {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };
  TestSigner(cjose_jwk_t* key, std::string id, std::string algorithm)
      : key_(key), id_(std::move(id)), algorithm_(std::move(algorithm)) {
    if (key_ == nullptr) throw std::runtime_error("no key could be made");
  }

  std::unique_ptr<cjose_jwk_t, Release> key_;
  std::string id_;
  std::string algorithm_;
};

// {"keys": […]} of these.
inline std::string key_document(std::initializer_list<const TestSigner*> signers) {
  json::array keys;
  for (const TestSigner* one : signers) keys.push_back(one->public_key());
  return json::serialize(json::object{{"keys", std::move(keys)}});
}

}  // namespace tollgate::oidc
