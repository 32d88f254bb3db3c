#include "config/oidc_settings.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/text.h"
#include "domain/http_url.h"
#include "domain/oidc_settings.h"

namespace tollgate::config {
namespace {

constexpr std::size_t kTextLengthMax = 1'024;
constexpr std::size_t kNameLengthMax = 40;
constexpr std::size_t kListMax = 100;

bool is_visible(std::string_view text) {
  return !text.empty() && text.size() <= kTextLengthMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// RFC 6749 §3.3.
bool is_scope(std::string_view text) {
  return is_visible(text) && text.find_first_of("\"\\") == std::string_view::npos;
}

bool is_domain(std::string_view text) {
  const auto parts = split_host_port(text);
  return parts && !parts->port && text.find('.') != std::string_view::npos &&
         text.find(':') == std::string_view::npos;
}

std::string read_issuer(MappingReader& reader) {
  const auto issuer = reader.required_text("issuer", "e.g. https://accounts.example.com");
  if (!issuer) return {};
  if (issuer->text.find('?') != std::string::npos || !is_oidc_url(issuer->text)) {
    reader.source().problem(issuer->node, issuer->path,
                            "must be an https:// URL without query and user, written as the "
                            "provider's discovery document has it (plain http:// only to this "
                            "computer)");
  }
  return issuer->text;
}

std::string read_client_id(MappingReader& reader) {
  const auto id = reader.required_text("client_id", "what the provider knows Tollgate by");
  if (!id) return {};
  if (!is_visible(id->text)) {
    reader.source().problem(id->node, id->path, "must be 1–1024 visible ASCII characters");
  }
  return id->text;
}

Secret read_client_secret(MappingReader& reader) {
  auto secret = reader.text("client_secret");
  if (!secret) return {};
  if (!is_visible(secret->text)) {
    reader.source().problem(secret->node, secret->path,
                            "must be 1–1024 visible ASCII characters; leave it out for a public "
                            "client");
  }
  return Secret(std::move(secret->text));
}

std::string read_name(MappingReader& reader) {
  const auto name = reader.text("name");
  if (!name) return "single sign-on";
  const bool right = !name->text.empty() && name->text.size() <= kNameLengthMax &&
                     std::ranges::none_of(name->text, ascii::is_control);
  if (!right) {
    reader.source().problem(name->node, name->path,
                            "must be 1–40 bytes: the button says `Continue with NAME`");
  }
  return name->text;
}

std::vector<std::string> read_scopes(MappingReader& reader) {
  if (!reader.child("scopes")) return OidcSettings{}.scopes;
  std::vector<std::string> scopes;
  for (const auto& [node, path] : reader.list("scopes")) {
    const auto scope = reader.scalar(node, path);
    if (!scope) continue;
    if (!is_scope(scope->text)) reader.source().problem(node, path, "is no scope");
    scopes.push_back(scope->text);
  }
  for (const std::string_view needed : {"openid", "email"}) {
    if (std::ranges::find(scopes, needed) != scopes.end()) continue;
    reader.source().problem(*reader.child("scopes"), reader.path_of("scopes"),
                            "must hold `openid` and `email`");
    break;
  }
  return scopes;
}

std::vector<std::string> read_domains(MappingReader& reader) {
  std::vector<std::string> domains;
  for (const auto& [node, path] : reader.list("allowed_domains")) {
    const auto domain = reader.scalar(node, path);
    if (!domain) continue;
    if (!is_domain(domain->text) || domains.size() >= kListMax) {
      reader.source().problem(node, path, "must be a domain such as example.com, at most 100");
    }
    domains.push_back(ascii::to_lower(domain->text));
  }
  return domains;
}

std::string read_public_url(MappingReader& reader) {
  const auto told = reader.text("public_url");
  if (!told) return {};
  const auto url = parse_http_url(told->text);
  if (url && url->path.empty() && url->userinfo.empty()) return url->text();
  reader.source().problem(told->node, told->path,
                          "must be where browsers find Tollgate, such as "
                          "https://gateway.example.com, without a path");
  return {};
}

}  // namespace

void read_oidc(MappingReader& document, Settings& settings) {
  const auto node = document.child("oidc");
  if (!node) return;
  MappingReader reader(*node, "oidc", document.source());
  OidcSettings oidc;
  oidc.issuer = read_issuer(reader);
  oidc.client_id = read_client_id(reader);
  oidc.client_secret = read_client_secret(reader);
  oidc.name = read_name(reader);
  oidc.scopes = read_scopes(reader);
  oidc.allowed_domains = read_domains(reader);
  oidc.public_url = read_public_url(reader);
  reader.finish();
  settings.oidc = std::move(oidc);
}

}  // namespace tollgate::config
