#include "cli/admin_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <utility>

#include "cli/version.h"
#include "domain/ip.h"

namespace tollgate::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using LocalProtocol = asio::local::stream_protocol;

constexpr std::size_t kAnswerBytesMax = 256 * 1024 * 1024;
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kSocketPathMax = 107;  // sun_path less its NUL

std::unexpected<Error> unavailable(std::string message) {
  return fail(ErrorCode::kServiceUnavailable, std::move(message));
}

// Starts one asynchronous step, waits for it, and gives its error: blocking, yet with the stream's
// own deadline.
template <class Start>
error_code finish(asio::io_context& context, Start start) {
  error_code result = asio::error::would_block;
  start([&result](error_code error, auto&&...) { result = error; });
  context.restart();
  context.run();
  return result;
}

using Request = http::request<http::string_body>;

struct Step {
  asio::io_context& context;
  std::chrono::milliseconds silence;
  const AdminClient::Sink& sink;
};

std::string went_wrong(error_code error) {
  if (error == beast::error::timeout) return "The server took too long to answer.";
  if (error == http::error::end_of_stream || error == asio::error::eof ||
      error == http::error::partial_message || error == asio::error::connection_reset) {
    return "The server closed the connection before its answer was complete.";
  }
  return fmt::format("The server's answer could not be read: {}.", error.message());
}

template <class Stream>
Result<AdminAnswer> transact(const Step& step, Stream& stream, const Request& request) {
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(step.silence);
  error_code error =
      finish(step.context, [&](auto done) { http::async_write(stream, request, std::move(done)); });
  if (error) return unavailable(went_wrong(error));

  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(step.sink ? std::numeric_limits<std::uint64_t>::max() : kAnswerBytesMax);
  lowest.expires_after(step.silence);
  error = finish(step.context, [&](auto done) {
    http::async_read_header(stream, buffer, parser, std::move(done));
  });
  if (error) return unavailable(went_wrong(error));

  AdminAnswer answer{.status = static_cast<int>(parser.get().result_int()), .body = {}};
  const bool streamed = step.sink && answer.status == 200;
  std::string piece(kReadBytes, '\0');
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    lowest.expires_after(step.silence);
    error = finish(step.context,
                   [&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); });
    if (error && error != http::error::need_buffer) return unavailable(went_wrong(error));
    const std::string_view got(piece.data(), piece.size() - body.size);
    if (streamed) {
      if (step.sink(got) == AdminClient::Flow::kEnough) return answer;
    } else if (answer.body.size() + got.size() > kAnswerBytesMax) {
      return unavailable("The server's answer is too long.");
    } else {
      answer.body += got;
    }
  }
  return answer;
}

Result<AdminAnswer> over_socket(const Step& step, const std::string& data, const Request& request) {
  const std::string path = data + "/admin.sock";
  const std::string how_to_start = fmt::format(
      "Start it with `tollgate serve --data {}`, or name the right directory with "
      "--data.",
      data);
  if (path.size() > kSocketPathMax) {
    return unavailable(
        fmt::format("The path {} is too long for a socket; use a shorter --data.", path));
  }
  beast::basic_stream<LocalProtocol> stream(step.context);
  stream.expires_after(step.silence);
  const error_code error = finish(step.context, [&](auto done) {
    stream.async_connect(LocalProtocol::endpoint(path), std::move(done));
  });
  if (error == boost::system::errc::permission_denied) {
    return unavailable(
        fmt::format("You may not open {}: run this as the user that Tollgate runs as.", path));
  }
  if (error == beast::error::timeout) return unavailable(went_wrong(error));
  if (error) {
    return unavailable(fmt::format("No Tollgate is running on {}. {}", data, how_to_start));
  }
  return transact(step, stream, request);
}

Result<AdminAnswer> over_tls(const Step& step, beast::tcp_stream tcp, const HttpUrl& url,
                             const Request& request) {
  asio::ssl::context tls(asio::ssl::context::tls_client);
  error_code error;
  tls.set_default_verify_paths(error);
  tls.set_verify_mode(asio::ssl::verify_peer);
  beast::ssl_stream<beast::tcp_stream> stream(std::move(tcp), tls);
  stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
  // RFC 6066 §3: a literal address is no server name.
  if (!IpAddress::parse(url.host)) {
    SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
  }
  beast::get_lowest_layer(stream).expires_after(step.silence);
  error = finish(step.context, [&](auto done) {
    stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
  });
  if (error) {
    return unavailable(fmt::format("No secure connection to {}: {}. Nothing was sent.", url.text(),
                                   error.message()));
  }
  return transact(step, stream, request);
}

Result<AdminAnswer> over_tcp(const Step& step, const HttpUrl& url, const Request& request) {
  asio::ip::tcp::resolver resolver(step.context);
  error_code error;
  const auto endpoints = resolver.resolve(url.host, std::to_string(url.port), error);
  if (error) {
    return unavailable(fmt::format("The host of {} is unknown: {}.", url.text(), error.message()));
  }
  beast::tcp_stream stream(step.context);
  stream.expires_after(step.silence);
  error =
      finish(step.context, [&](auto done) { stream.async_connect(endpoints, std::move(done)); });
  if (error) {
    return unavailable(
        fmt::format("No server answers at {}: {}. Is the --url right, and is Tollgate running?",
                    url.text(), error.message()));
  }
  if (url.scheme == UrlScheme::kHttps) {
    return over_tls(step, std::move(stream), url, request);
  }
  return transact(step, stream, request);
}

}  // namespace

AdminClient::AdminClient(AdminTarget target, std::chrono::milliseconds silence)
    : target_(std::move(target)), silence_(silence) {}

Result<AdminAnswer> AdminClient::send(const AdminRequest& request) const {
  return exchange(request, {});
}

Result<AdminAnswer> AdminClient::stream(const AdminRequest& request, const Sink& sink) const {
  return exchange(request, sink);
}

Result<AdminAnswer> AdminClient::exchange(const AdminRequest& request, const Sink& sink) const {
  Request message;
  message.version(11);
  message.method_string(request.method);
  message.target((target_.url ? target_.url->path : "") + request.target);
  message.set(http::field::host, target_.url ? target_.url->authority() : "localhost");
  message.set(http::field::user_agent, fmt::format("tollgate-cli/{}", kVersion));
  message.set(http::field::accept, request.accept);
  message.set(http::field::connection, "close");
  if (target_.url) {
    message.set(http::field::authorization, fmt::format("Bearer {}", target_.key.expose()));
  }
  if (!request.body.empty()) {
    message.set(http::field::content_type, "application/json");
    message.body() = request.body;
  }
  message.prepare_payload();

  asio::io_context context(1);
  const Step step{.context = context, .silence = silence_, .sink = sink};
  return target_.url ? over_tcp(step, *target_.url, message)
                     : over_socket(step, target_.data, message);
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace tollgate::cli
