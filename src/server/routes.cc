#include "server/routes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "admin/openapi_document.h"
#include "admin/sessions.h"
#include "domain/credentials.h"
#include "gateway/completions.h"
#include "gateway/models.h"
#include "gateway/own_account.h"
#include "net/caller_headers.h"
#include "net/problem.h"

namespace tollgate {

namespace {

// Where the data plane is mounted; clients of other gateways find it under theirs (SPEC §7).
constexpr std::array<std::string_view, 5> kDataPlanePrefixes = {
    "/v1", "/api/v1/anthropic/v1", "/api/v1", "/v2/router", "/v3/router"};

struct DataRoute {
  std::string_view method;
  std::string_view path;  // behind the prefix; a trailing '/' takes one more segment or several
  Task<> (*handler)(Plane& plane, net::Exchange& exchange, std::string rest);
};

Task<> chat_completions(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, CompletionKind::kChat);
}
Task<> text_completions(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, CompletionKind::kText);
}
Task<> responses(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, CompletionKind::kResponses);
}
Task<> messages(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, CompletionKind::kMessages);
}
Task<> count_tokens(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, CompletionKind::kCountTokens);
}
template <CompletionKind kind>
Task<> served(Plane& plane, net::Exchange& exchange, std::string) {
  return serve_completion(plane.gateway, exchange, kind);
}
Task<> models(Plane& plane, net::Exchange& exchange, std::string) {
  return list_models(plane.gateway, exchange);
}
Task<> one_model(Plane& plane, net::Exchange& exchange, std::string rest) {
  return get_model(plane.gateway, exchange, std::move(rest));
}
Task<> key(Plane& plane, net::Exchange& exchange, std::string) {
  return own_key(plane.gateway, exchange);
}
Task<> credits(Plane& plane, net::Exchange& exchange, std::string) {
  return own_credits(plane.gateway, exchange);
}
Task<> generation(Plane& plane, net::Exchange& exchange, std::string) {
  return own_generation(plane.gateway, exchange);
}

constexpr std::array kDataRoutes = {
    DataRoute{"POST", "/chat/completions", chat_completions},
    DataRoute{"POST", "/completions", text_completions},
    DataRoute{"POST", "/responses", responses},
    DataRoute{"POST", "/messages", messages},
    DataRoute{"POST", "/messages/count_tokens", count_tokens},
    DataRoute{"POST", "/embeddings", served<CompletionKind::kEmbeddings>},
    DataRoute{"POST", "/moderations", served<CompletionKind::kModerations>},
    DataRoute{"POST", "/rerank", served<CompletionKind::kRerank>},
    DataRoute{"POST", "/images/generations", served<CompletionKind::kImages>},
    DataRoute{"POST", "/audio/speech", served<CompletionKind::kSpeech>},
    DataRoute{"POST", "/audio/transcriptions", served<CompletionKind::kTranscription>},
    DataRoute{"GET", "/models", models},
    DataRoute{"GET", "/models/", one_model},
    DataRoute{"GET", "/key", key},
    DataRoute{"GET", "/credits", credits},
    DataRoute{"GET", "/generation", generation},
};

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// What stands behind the data plane's prefix; nullopt = another path.
std::optional<std::string_view> data_path(std::string_view path) {
  for (const std::string_view prefix : kDataPlanePrefixes) {
    if (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/')) {
      return path.substr(prefix.size());
    }
  }
  return std::nullopt;
}

std::string allowed_methods(std::string_view path) {
  std::string allowed;
  for (const DataRoute& route : kDataRoutes) {
    const bool open_end = route.path.ends_with('/');
    if (open_end ? path.starts_with(route.path) && path.size() > route.path.size()
                 : path == route.path) {
      if (!allowed.empty()) allowed += ", ";
      allowed += route.method;
    }
  }
  return allowed;
}

Task<> serve_data(Plane& plane, net::Exchange& exchange, std::string_view path) {
  const std::string_view sent = exchange.head().method;
  const std::string_view method = sent == "HEAD" ? "GET" : sent;
  for (const DataRoute& route : kDataRoutes) {
    if (method != route.method) continue;
    if (path == route.path) co_return co_await route.handler(plane, exchange, {});
    if (route.path.ends_with('/') && path.starts_with(route.path) &&
        path.size() > route.path.size()) {
      std::string rest = percent_decoded(path.substr(route.path.size()));
      co_return co_await route.handler(plane, exchange, std::move(rest));
    }
  }
  co_await no_such_route(plane.gateway, exchange, allowed_methods(path));
}

Task<> answer_text(net::Exchange& exchange, int status, std::string type, std::string body) {
  net::Response answer;
  answer.status = status;
  answer.content_type = std::move(type);
  answer.body = std::move(body);
  (void)co_await exchange.respond(std::move(answer));
}

// Who is at the other end of a TCP connection; nullopt where that cannot be told.
std::optional<ClientAddress> client_of(const net::Exchange& exchange, const AdminOptions& options) {
  const net::Peer& peer = exchange.peer();
  const auto address = IpAddress::parse(peer.address);
  if (!address) return std::nullopt;
  const net::CallerHeaders headers = net::read_caller_headers(exchange.head());
  return client_address(
      *address, peer.tls ? ListenerKind::kTls : ListenerKind::kPlain,
      {.forwarded_for = headers.forwarded_for, .forwarded_proto = headers.forwarded_proto},
      options.trusted_proxies);
}

// Loopback peers and management keys only (SPEC §3).
bool may_see_metrics(Plane& plane, const net::Exchange& exchange) {
  const net::Peer& peer = exchange.peer();
  if (peer.unix_socket) return true;
  const auto options = plane.admin.options();
  const auto client = client_of(exchange, *options);
  if (client && client->address.is_loopback()) return true;
  return open_key_session(plane.admin, *options, exchange.head(), peer).by.has_value();
}

Task<> serve_metrics(Plane& plane, net::Exchange& exchange) {
  if (!may_see_metrics(plane, exchange)) {
    const Error error{.code = ErrorCode::kInsufficientScope,
                      .message = "Metrics are for this computer and for management keys."};
    net::Response answer = net::problem_response(error, net::new_request_id(plane.gateway.random));
    (void)co_await exchange.respond(std::move(answer));
    co_return;
  }
  std::string text = plane.metrics.text();
  co_await answer_text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

Task<> serve_livez(Plane&, net::Exchange& exchange) {
  return answer_text(exchange, 200, "text/plain", "ok\n");
}

Task<> serve_readyz(Plane& plane, net::Exchange& exchange) {
  const bool ready = plane.ready();
  return answer_text(exchange, ready ? 200 : 503, "text/plain", ready ? "ready\n" : "not ready\n");
}

Task<> serve_openapi(Plane&, net::Exchange& exchange) {
  return answer_text(exchange, 200, std::string(kOpenApiContentType),
                     std::string(openapi_document()));
}

// What needs no key.
struct OpenRoute {
  std::string_view path;
  Task<> (*handler)(Plane& plane, net::Exchange& exchange);
};

constexpr std::array kOpenRoutes = {
    OpenRoute{"/livez", serve_livez},
    OpenRoute{"/readyz", serve_readyz},
    OpenRoute{"/metrics", serve_metrics},
    OpenRoute{"/openapi.yaml", serve_openapi},
};

// A refusal of someone who has shown no key.
Task<> refuse_open(Plane& plane, net::Exchange& exchange, Error error) {
  std::string request_id(safe_request_id(net::read_caller_headers(exchange.head()).request_id));
  if (request_id.empty()) request_id = net::new_request_id(plane.gateway.random);
  net::Response answer = net::problem_response(error, request_id);
  if (error.code == ErrorCode::kMethodNotAllowed) answer.fields.emplace_back("Allow", "GET, HEAD");
  (void)co_await exchange.respond(std::move(answer));
}

// The pages where people type passwords come under the HTTPS rule, as all that they then call.
Task<> serve_dashboard(Plane& plane, net::Exchange& exchange) {
  const auto options = plane.admin.options();
  const auto client = client_of(exchange, *options);
  if (client) {
    if (auto https = check_https(*client, options->https_rule); !https) {
      co_return co_await refuse_open(plane, exchange, https.error());
    }
  }
  (void)co_await exchange.respond(plane.dashboard.answer(exchange.head()));
}

}  // namespace

Task<> route(Plane& plane, net::Exchange& exchange) {
  const std::string_view path = exchange.head().path();
  if (const auto data = data_path(path); data && !exchange.peer().unix_socket) {
    co_return co_await serve_data(plane, exchange, *data);
  }
  if (path.starts_with(kAdminPrefix))
    co_return co_await handle_admin(plane.admin, plane.gateway.client, exchange);
  for (const OpenRoute& open : kOpenRoutes) {
    if (path != open.path) continue;
    const std::string_view method = exchange.head().method;
    if (method == "GET" || method == "HEAD") co_return co_await open.handler(plane, exchange);
    Error error{.code = ErrorCode::kMethodNotAllowed, .message = "This path takes GET only."};
    co_return co_await refuse_open(plane, exchange, std::move(error));
  }
  Error error{.code = ErrorCode::kNotFound,
              .message = "There is nothing at this path. The API is described at /openapi.yaml."};
  if (key_in_url(exchange.head().target, plane.gateway.state->token_format)) {
    error = {.code = ErrorCode::kApiKeyInUrl,
             .message =
                 "Never put an API key in a URL, where logs keep it. Send it in the "
                 "Authorization header, and rotate this one."};
  } else if (!exchange.peer().unix_socket && plane.dashboard.serves(exchange.head())) {
    co_return co_await serve_dashboard(plane, exchange);
  }
  co_await refuse_open(plane, exchange, std::move(error));
}

}  // namespace tollgate
