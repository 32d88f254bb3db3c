#include "oidc/fetch.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <utility>
#include <vector>

#include "net/head_writer.h"

namespace tollgate::oidc {

namespace {

// A person waits for it.
constexpr net::CallDeadlines kDeadlines{.connect = std::chrono::milliseconds(5'000),
                                        .head = std::chrono::milliseconds(10'000),
                                        .silence = std::chrono::milliseconds(5'000),
                                        .total = std::chrono::milliseconds(20'000)};

struct Place {
  net::Origin origin;
  std::string target;
};

Result<Place> place_of(const std::string& url, const Reach& reach) {
  const auto mark = url.find('?');
  const auto parts = net::parse_url(url.substr(0, mark));
  if (!parts) return std::unexpected(parts.error());
  Place place;
  std::shared_ptr<const net::Proxy> proxy;
  if (parts->https && reach.proxy) proxy = reach.proxy(parts->host, parts->port);
  place.origin = net::make_origin(*parts, parts->https ? reach.tls : nullptr, std::move(proxy));
  place.origin.pool_key += fmt::format(" for sign-in of {}", reach.generation);
  // parse_url() takes the last slash away, which means something to some servers.
  place.target = parts->path;
  if (url.substr(0, mark).ends_with('/') || place.target.empty()) place.target += '/';
  if (mark != std::string::npos) place.target += url.substr(mark);
  return place;
}

std::string head_of(const Place& place, const Request& request) {
  std::string head;
  net::HeadWriter writer(head);
  writer.request_line(request.method, place.target);
  writer.field("Host", place.origin.host_header);
  writer.field("Accept", "application/json");
  writer.field("Accept-Encoding", "identity");
  writer.field("User-Agent", "tollgate");
  if (!request.authorization.empty()) {
    writer.field("Authorization", request.authorization.expose());
  }
  if (!request.form.empty()) {
    writer.field("Content-Type", "application/x-www-form-urlencoded");
    writer.length(request.form.expose().size());
  }
  if (!writer.finish()) head.clear();
  return head;
}

std::string_view stage_name(net::CallStage stage) {
  switch (stage) {
    case net::CallStage::kLookUp:
      return "name look-up";
    case net::CallStage::kReach:
      return "an address that may be gone to";
    case net::CallStage::kConnect:
      return "connecting";
    case net::CallStage::kProxy:
      return "the proxy";
    case net::CallStage::kTls:
      return "TLS";
    case net::CallStage::kExchange:
      return "the answer";
  }
  return "";
}

std::unexpected<Error> no_answer(const Error& why, const net::Origin& origin,
                                 std::string_view where) {
  return fail(why.code, "The sign-in provider does not answer: try again in a moment.",
              fmt::format("{}: it failed at {}", origin.host_header, where));
}

}  // namespace

Task<Result<Reply>> fetch(net::HttpClient& client, const Reach& reach, Request request) {
  const auto place = place_of(request.url, reach);
  if (!place) co_return std::unexpected(place.error());
  net::ClientCall call(client, place->origin, kDeadlines);
  std::string head = head_of(*place, request);
  std::vector<std::string_view> pieces;
  if (!request.form.empty()) pieces.push_back(request.form.expose());
  const Status sent = co_await call.send(head, pieces);
  OPENSSL_cleanse(head.data(), head.size());
  if (!sent) co_return no_answer(sent.error(), place->origin, stage_name(call.stage()));
  Reply reply{.status = call.head().status,
              .content_type = std::string(call.head().find("content-type")),
              .body = {}};
  for (;;) {
    const Result<std::string_view> piece = co_await call.read();
    if (!piece) co_return no_answer(piece.error(), place->origin, stage_name(call.stage()));
    if (piece->empty()) break;
    if (reply.body.size() + piece->size() > kAnswerBytesMax) {
      const Error long_one{.code = ErrorCode::kProviderError, .message = {}};
      co_return no_answer(long_one, place->origin, "its length");
    }
    reply.body += *piece;
  }
  call.finish();
  co_return reply;
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void append_form(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form.append(url_encoded(name)).append("=").append(url_encoded(value));
}

}  // namespace tollgate::oidc
