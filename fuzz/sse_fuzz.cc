// Server-Sent Events: the reader agrees with a plain reading of the WHATWG's rules however the
// bytes arrive, and its views stay inside the event.
#include <array>
#include <string>
#include <vector>

#include "fuzzing.h"
#include "net/sse.h"

namespace tollgate::net {
namespace {

using fuzz::require;

constexpr auto kSeeds = std::to_array<std::string_view>({
    "data: {\"a\":1}\n\ndata: [DONE]\n\n",
    "\xef\xbb\xbf: comment\r\n\r\nevent: ping\r\ndata: a\r\ndata:b\r\n\r\n",
    "id: 1\rdata\rretry: 5\r\rdata:  x\r\r\n",
    "data: a\ndata: b\r\ndata: c\rdata: d\r\n\r",
});

struct Seen {
  std::string raw, event, data;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> read(std::string_view text, std::size_t step_max) {
  SseReader reader;
  std::vector<Seen> events;
  for (std::size_t at = 0; at < text.size(); at += step_max) {
    const fuzz::ExactCopy step(text.substr(at, step_max));
    reader.feed(step.view());
    while (true) {
      const Result<std::optional<SseEvent>> event = reader.next();
      require(event.has_value());
      if (!*event) break;
      const SseEvent& found = **event;
      require(fuzz::lies_in(found.event, found.raw));
      require(found.data.size() < found.raw.size());
      events.push_back({std::string(found.raw), std::string(found.event), std::string(found.data)});
    }
  }
  return events;
}

// The rules of WHATWG HTML §9.2.6, a line at a time; `raw` is left out.
std::vector<Seen> read_plainly(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<Seen> events;
  std::string event;
  std::string data;
  while (true) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) return events;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        events.push_back({"", event, data});
      }
      event.clear();
      data.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value =
        colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event = value;
    if (name == "data") data.append(value).append("\n");
  }
}

void check_reader(std::string_view input) {
  // One more byte behind the input, so that no CR at its end is left waiting.
  const std::string text = std::string(input) + ":";
  const std::vector<Seen> whole = read(text, text.size());
  require(read(text, 1) == whole);
  require(read(text, fuzz::split_place(text) + 1) == whole);

  const std::vector<Seen> expected = read_plainly(text);
  require(whole.size() == expected.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(whole[i].event == expected[i].event && whole[i].data == expected[i].data);
    at = text.find(whole[i].raw, at);
    require(at != std::string::npos);
    at += whole[i].raw.size();
  }
}

}  // namespace
}  // namespace tollgate::net

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  return tollgate::fuzz::mutate_from(tollgate::net::kSeeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tollgate::net::check_reader(tollgate::fuzz::text_of(data, size));
  return 0;
}
