// Fuzzes the reader of client bodies (dialects/chat_request.h) and the splicing of what it accepts,
// against an independent parser.
//
// Claims: what is accepted is JSON for Boost.JSON too, with the same model and stream; the body
// sent upstream is JSON, names the upstream model, has no `route`, asks for usage where it is
// streamed, is as long as it says, and has the output limit that it is given, unless the client
// gave one. The text is never more than the body.
#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/chat_request.h"
#include "dialects/splice.h"
#include "fuzzing.h"
#include "independent_json.h"

namespace {

namespace json = boost::json;
using tollgate::fuzz::parse_independently;
using tollgate::fuzz::require;

constexpr std::array<std::string_view, 5> kSeeds = {
    R"({"model":"acme/large","messages":[{"role":"user","content":"hi"}]})",
    R"({"route":{"region":"eu"},"mod\u0065l":"a\/b","messages":[{"role":"user","content":[)"
    R"({"type":"image_url","image_url":{"url":"data:,"}}]}],"stream":true,"stream_options":{)"
    R"("include_usage":false},"max_tokens":5,"n":2,"best_of":3,"x":[1.5e3,null,"\ud83d\ude00"]})",
    R"({"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":1},)"
    R"({"type":"image_url","image_url":"d\u0061ta:image\/png,"}],"audio":null}],"max_tokens":null,)"
    R"("tools":[{"type":"function"},{"type":"x"}],"modalities":["text","audio"],"plugins":[]})",
    R"({"model":"m","prompt":[[1,2],[3]],"stream":true,"stream_options":null,"route":null})",
    R"( { "prompt" : [ "a" , "b" ] , "model" : "m" , "route" : { } } )",
};

void check_accepted(const tollgate::ChatRequest& request, std::string_view body) {
  const auto seen = parse_independently(body);
  if (seen) {
    require(seen->at("model").as_string() == request.model);
    const json::value* stream = seen->if_contains("stream");
    require((stream != nullptr && *stream == json::value(true)) == request.stream);
  }
  require(request.needs.text_bytes > 0);
  require(request.needs.text_bytes <= static_cast<std::int64_t>(body.size()));
  require(request.needs.choices >= 1);
  const bool limited = request.needs.max_tokens.has_value();
  const std::string_view field = request.stream ? "max_tokens" : "max_completion_tokens";
  const tollgate::SplicedBody spliced = tollgate::upstream_body(
      request, body, "up\"stream", tollgate::OutputLimit{.field = field, .tokens = 77});
  const std::string sent = spliced.text();
  require(sent.size() == spliced.size());
  const auto upstream = parse_independently(sent);
  require(upstream.has_value() || !seen.has_value());
  if (!upstream) return;
  require(upstream->at("model").as_string() == "up\"stream");
  require(!upstream->contains("route"));
  require(limited || upstream->at(field) == json::value(77));
  require(!request.stream ||
          upstream->at("stream_options").at("include_usage") == json::value(true));
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view body = copy.view();
  if (const auto request = tollgate::read_chat_request(body)) check_accepted(*request, body);
  if (const auto request = tollgate::read_completion_request(body)) check_accepted(*request, body);
  return 0;
}
