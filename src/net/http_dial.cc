// ClientCall's way to a new connection: resolve, connect, through the proxy if there is one, TLS.
#include <netdb.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "net/head_writer.h"
#include "net/http_client.h"

namespace tollgate::net {

namespace {

std::unexpected<Error> out_of_reach() {
  return fail(ErrorCode::kProviderError,
              "The provider's address is one that it may not have. Tell the gateway's operator.",
              "address out of reach: link-local, metadata, or private without permission");
}

// As classify_address() takes it.
AddressClass class_of(const SocketAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  if (address.storage.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address.storage);
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return classify_address(bytes);
  }
  if (address.storage.ss_family != AF_INET) return AddressClass::kForbidden;
  const auto& four = reinterpret_cast<const sockaddr_in&>(address.storage);
  bytes[10] = bytes[11] = 0xFF;
  std::memcpy(bytes.data() + 12, &four.sin_addr, 4);
  return classify_address(bytes);
}

// What a name means behind a proxy is the proxy's to know; an address says it by itself.
Status may_tunnel_to(const Origin& origin) {
  if (origin.proxy == nullptr) return {};
  const Result<Addresses> literal = system_look_up(origin.host, AI_NUMERICHOST);
  if (!literal) return {};
  for (const SocketAddress& address : *literal) {
    if (!within_scope(class_of(address), origin.scope)) return out_of_reach();
  }
  return {};
}

}  // namespace

Task<Status> ClientCall::dial() {
  const SteadyTime start = std::chrono::steady_clock::now();
  const auto left = [&] {
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    return std::max(deadlines_.connect - spent, std::chrono::milliseconds(0));
  };
  stage_ = CallStage::kLookUp;
  if (auto allowed = may_tunnel_to(origin_); !allowed) {
    stage_ = CallStage::kReach;
    co_return allowed;
  }
  std::string host = origin_.proxy ? origin_.proxy->host : origin_.host;
  const std::uint16_t port = origin_.proxy ? origin_.proxy->port : origin_.port;
  Result<Addresses> addresses = co_await client_.resolver_.resolve(
      client_.thread(), std::move(host), port, within_total(left()));
  if (!addresses) co_return std::unexpected(addresses.error());
  if (!origin_.proxy) {
    const std::size_t found = addresses->size();
    std::erase_if(*addresses, [this](const SocketAddress& address) {
      return !within_scope(class_of(address), origin_.scope);
    });
    if (addresses->empty() && found > 0) {
      stage_ = CallStage::kReach;
      co_return out_of_reach();
    }
  }

  stage_ = CallStage::kConnect;
  Status connected = fail(ErrorCode::kProviderError, "The provider's address could not be found.");
  for (std::size_t i = 0; i < addresses->size() && !connected; ++i) {
    if (aborted_) co_return failed("connecting");
    const auto share = left() / static_cast<int>(addresses->size() - i);
    connected = co_await connect_to((*addresses)[i], within_total(share));
  }
  if (!connected) co_return connected;
  stage_ = CallStage::kExchange;
  if (origin_.tls == nullptr) co_return Status{};

  connection_->expire_after(within_total(left()));
  if (origin_.proxy != nullptr) {
    stage_ = CallStage::kProxy;
    if (auto opened = co_await tunnel(); !opened) co_return opened;
  }
  stage_ = CallStage::kTls;
  Status secured = co_await secure();
  if (secured) stage_ = CallStage::kExchange;
  co_return secured;
}

Task<Status> ClientCall::connect_to(const SocketAddress& address,
                                    std::chrono::milliseconds timeout) {
  const int socket =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) {
    co_return fail(ErrorCode::kServiceUnavailable,
                   "The gateway has no connection left to give. Try again shortly.",
                   std::string("socket: ") + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection_ = std::make_unique<Connection>(client_.thread(), socket, nullptr);
  connection_->expire_after(timeout);
  int error = 0;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) {
    error = errno;
    if (error == EINPROGRESS) {
      if (!co_await connection_->wait_writable()) co_return failed("connecting");
      socklen_t length = sizeof error;
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    }
  }
  if (error == 0) {
    connection_->dialled();
    co_return Status{};
  }
  co_return fail(ErrorCode::kProviderError, "The provider could not be reached. Try again later.",
                 std::string("connect: ") + std::strerror(error));
}

Task<Status> ClientCall::tunnel() {
  const bool v6 = origin_.host.find(':') != std::string::npos;
  const std::string authority =
      (v6 ? "[" + origin_.host + "]" : origin_.host) + ":" + std::to_string(origin_.port);
  std::string request;
  HeadWriter writer(request);
  writer.request_line("CONNECT", authority);
  writer.field("Host", authority);
  if (!origin_.proxy->authorization.empty()) {
    writer.field("Proxy-Authorization", origin_.proxy->authorization);
  }
  if (auto written = writer.finish(); !written) co_return written;
  if (!co_await connection_->write_all(request)) co_return failed("asking the proxy");
  // Byte by byte would be exact; what follows the head can only be the end, for TLS speaks first
  // from our side.
  Buffer bytes;
  ResponseHead answer;
  for (;;) {
    const Connection::ReadResult read =
        co_await connection_->read_some(client_.thread().read_buffer());
    if (read.state != Connection::ReadState::kData) co_return failed("waiting for the proxy");
    bytes.append({client_.thread().read_buffer().data(), read.bytes});
    const Result<std::size_t> parsed = parse_response_head(bytes.view(), HeadLimits{}, answer);
    if (!parsed) co_return std::unexpected(parsed.error());
    if (*parsed == 0) continue;
    if (answer.status >= 200 && answer.status < 300 && *parsed == bytes.size()) co_return Status{};
    co_return fail(ErrorCode::kProviderError,
                   "The proxy did not let the request through. Tell the gateway's operator.",
                   "proxy answered " + std::to_string(answer.status));
  }
}

Task<Status> ClientCall::secure() {
  const auto session = client_.sessions_.find(origin_.pool_key);
  connection_->start_tls(origin_.tls->connect_on(
      connection_->socket(), origin_.host,
      session != client_.sessions_.end() ? session->second.get() : nullptr));
  if (co_await connection_->handshake() != Failure::kNone) co_return failed("TLS handshake");
  co_return Status{};
}

}  // namespace tollgate::net
