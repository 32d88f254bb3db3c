// The HTTP/1.1 codec, sans I/O: bytes in, heads out here, body pieces out of BodyDecoder (RFC
// 9112). Sessions use the request side, the client pool the response side; any thread, no state.
//
// It is strict from the first byte: what two parsers could read in two ways is refused, never
// repaired, because a gateway that guesses is how requests are smuggled. Two parsers have to agree
// on every head: our own scan (head_scan.h, and the rules in http_codec.cc) and llhttp in strict
// mode.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "net/body_decoder.h"
#include "net/http_message.h"

namespace tollgate::net {

struct HeadLimits {
  std::size_t bytes = kHeadBytesMax;
  std::size_t fields = kHeadFieldsMax;
};

// Reads the request head at the start of `bytes` into `head`, whose former contents are dropped and
// whose field vector is reused. Returns how many bytes the head takes; 0 = incomplete, all bytes so
// far are sound, call again with more (`head` then means nothing).
//
// One empty line before the request line is skipped and counted (RFC 9112 §2.2). Refused as soon as
// the bytes show it: control bytes, bare CR or LF, folded lines, nameless fields, a wrong start
// line, a head over `limits`. Refused at the end of the head: CONNECT, Host missing on 1.1,
// repeated or with a byte no host has, ambiguous framing (Content-Length beside Transfer-Encoding,
// either of them repeated or misspelt, a body on GET or HEAD). Errors: kInvalidRequest (400), or
// kNotImplemented (501) for a method or transfer coding that is well formed and unknown. After an
// error the connection is to be closed.
Result<std::size_t> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                       RequestHead& head);

// The mirror: a response head under the same rules. 1xx, 204 and 304 have Framing::kNone whatever
// their fields say; that a HEAD request's answer has no body only its caller knows. 101 is refused
// (nothing here asks for an upgrade). Every error is kProviderError.
Result<std::size_t> parse_response_head(std::string_view bytes, const HeadLimits& limits,
                                        ResponseHead& head);

}  // namespace tollgate::net
