// Fuzzes the reader of forms (dialects/multipart.h) and of the transcription requests in them.
//
// Claims: parts lie in the body, one behind the other without a gap from its first byte to its last
// delimiter, and each content lies in its part; the boundary stands in no content and no name. What
// is accepted is accepted again when it is written anew from its parts, as the same parts. The body
// sent upstream is one that the reader takes, with the upstream's model and without `route`.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/multipart.h"
#include "dialects/splice.h"
#include "dialects/transcription_request.h"
#include "fuzzing.h"

namespace {

using tollgate::fuzz::require;

constexpr std::string_view kType = "multipart/form-data; boundary=b";

constexpr std::array<std::string_view, 4> kSeeds = {
    "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b\r\nContent-Disposition: "
    "form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: "
    "audio/wav\r\n\r\nRIFF\r\n--b--\r\n",
    "--b\r\ncontent-disposition:form-data;name=file;filename*=utf-8''a\r\n\r\n\r\n--c\r\n--b\r\n"
    "Content-Disposition: form-data; name=route\r\n\r\n{\"region\":\"eu\"}\r\n--b\r\n"
    "Content-Disposition: form-data; name=model\r\n\r\na/b\r\n--b--",
    "--b\r\nContent-Disposition: form-data; "
    "name=\"timestamp_granularities[]\"\r\n\r\nword\r\n--b\r\n"
    "Content-Disposition: form-data; name=stream\r\nContent-Transfer-Encoding: "
    "binary\r\n\r\ntrue\r\n"
    "--b--\r\n",
    "multipart/form-data; charset=\"utf-8\"; boundary=\"a-b\"",
};

void check_parts(const std::vector<tollgate::FormPart>& parts, std::string_view body) {
  std::string again;
  std::size_t at = 0;
  for (const tollgate::FormPart& part : parts) {
    require(part.whole.offset == at);
    at = part.whole.end();
    require(at <= body.size());
    require(part.content.offset > part.whole.offset && part.content.end() + 2 == at);
    require(!part.content.in(body).contains("--b"));
    require(!part.name.empty() && !part.name.contains("--b"));
    require(tollgate::fuzz::lies_in(part.name, part.whole.in(body)));
    again.append("--b\r\nContent-Disposition: form-data; name=\"").append(part.name).append("\"");
    if (part.file) again.append("; filename=\"f\"");
    again.append("\r\n\r\n").append(part.content.in(body)).append("\r\n");
  }
  require(body.substr(at).starts_with("--b--"));
  again.append("--b--\r\n");
  const auto read = tollgate::read_form(again, "b");
  require(read.has_value());
  require(read->size() == parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    require(read->at(i).name == parts[i].name && read->at(i).file == parts[i].file);
    require(read->at(i).content.in(again) == parts[i].content.in(body));
  }
}

void check_request(const tollgate::ChatRequest& request, std::string_view body) {
  require(request.model_value.in(body) == request.model);
  require(request.needs.text_bytes > 0);
  require(request.needs.text_bytes <= static_cast<std::int64_t>(body.size()));
  require(request.needs.units.audio_ms > 0);
  const tollgate::SplicedBody spliced = tollgate::upstream_body(request, body, "upstream");
  const std::string sent = spliced.text();
  require(sent.size() == spliced.size());
  const auto again = tollgate::read_transcription_request(sent, kType);
  require(again.has_value());
  require(again->model == "upstream" && !again->route_member);
  require(again->stream == request.stream && again->form == request.form);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tollgate::fuzz::ExactCopy copy(tollgate::fuzz::text_of(data, size));
  const std::string_view body = copy.view();
  if (const auto boundary = tollgate::form_boundary(body)) {
    require(tollgate::fuzz::lies_in(*boundary, body));
    require(!boundary->empty() && boundary->size() <= tollgate::kBoundaryLengthMax);
  }
  if (const auto parts = tollgate::read_form(body, "b")) check_parts(*parts, body);
  if (const auto request = tollgate::read_transcription_request(body, kType)) {
    check_request(*request, body);
  }
  return 0;
}
