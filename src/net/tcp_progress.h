// How far a TCP connection's sending has come, as the kernel knows it.
#pragma once

#include <cstdint>

namespace tollgate::net {

// Bytes that the other side's TCP has acknowledged so far (tcpi_bytes_acked, RFC 4898). It grows
// only with what really arrived there; a number never given before when the kernel does not tell.
std::uint64_t acknowledged_bytes(int socket);

}  // namespace tollgate::net
