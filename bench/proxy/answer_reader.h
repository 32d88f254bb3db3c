// Reads one HTTP answer as it arrives and judges it: status, framing, its proper end, its SSE
// events. Used by the load generator, one per connection, on its one thread. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tollgate::bench {

class AnswerReader {
 public:
  enum class State { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kLastLine, kDone, kBroken };

  // Forgets the last answer.
  void begin();

  // Takes bytes up to the end of the answer. Bytes after it make the answer broken: nobody asked.
  State feed(std::string_view bytes);

  State state() const { return state_; }
  // Of a whole answer: status 200, and JSON that ends in `}` or a stream that ends in [DONE].
  bool good() const;
  bool closes() const { return closes_; }
  bool streamed() const { return streamed_; }
  int status() const { return status_; }
  std::int64_t events() const { return events_; }

 private:
  std::size_t take_head(std::string_view bytes);
  std::size_t take_line(std::string_view bytes);
  std::size_t take_payload(std::string_view bytes);

  State state_ = State::kHead;
  std::string head_;  // of the answer while it is incomplete, later a chunk's line
  std::string tail_;  // the last bytes of the payload
  std::size_t left_ = 0;
  std::int64_t events_ = 0;
  int status_ = 0;
  bool closes_ = false;
  bool streamed_ = false;
  char last_ = 0;
};

}  // namespace tollgate::bench
