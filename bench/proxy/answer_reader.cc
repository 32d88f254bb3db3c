#include "proxy/answer_reader.h"

#include <charconv>

#include "proxy/wire.h"

namespace tollgate::bench {
namespace {

constexpr std::string_view kStreamEnd = "data: [DONE]\n\n";

template <class Number>
bool parse(std::string_view text, int base, Number& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number, base).ec == std::errc();
}

}  // namespace

void AnswerReader::begin() {
  state_ = State::kHead;
  head_.clear();
  tail_.clear();
  left_ = 0;
  events_ = 0;
  status_ = 0;
  closes_ = false;
  streamed_ = false;
  last_ = 0;
}

AnswerReader::State AnswerReader::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::kBroken) {
    std::size_t taken = 0;
    switch (state_) {
      case State::kHead:
        taken = take_head(bytes);
        break;
      case State::kBody:
      case State::kChunk:
        taken = take_payload(bytes);
        break;
      case State::kChunkSize:
      case State::kChunkEnd:
      case State::kLastLine:
        taken = take_line(bytes);
        break;
      case State::kDone:
      case State::kBroken:
        state_ = State::kBroken;
        break;
    }
    bytes.remove_prefix(taken);
  }
  return state_;
}

std::size_t AnswerReader::take_head(std::string_view bytes) {
  const std::size_t before = head_.size();
  head_ += bytes;
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return bytes.size();
  const std::size_t taken = end + 4 - before;
  head_.resize(end + 2);
  if (!head_.starts_with("HTTP/1.1 ") ||
      !parse(std::string_view(head_).substr(9, 3), 10, status_)) {
    state_ = State::kBroken;
    return taken;
  }
  closes_ = field(head_, "connection") == "close";
  streamed_ = field(head_, "content-type").starts_with("text/event-stream");
  if (field(head_, "transfer-encoding") == "chunked") {
    state_ = State::kChunkSize;
  } else if (parse(field(head_, "content-length"), 10, left_)) {
    state_ = left_ == 0 ? State::kDone : State::kBody;
  } else {
    state_ = State::kBroken;
  }
  head_.clear();
  return taken;
}

// A chunk's size, the empty line after a chunk, or the one that ends the answer.
std::size_t AnswerReader::take_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  head_ += bytes.substr(0, end);
  if (end == std::string_view::npos) return bytes.size();
  if (state_ == State::kChunkSize) {
    if (!parse(head_, 16, left_)) {
      state_ = State::kBroken;
    } else {
      state_ = left_ == 0 ? State::kLastLine : State::kChunk;
    }
  } else if (head_ != "\r") {
    state_ = State::kBroken;
  } else {
    state_ = state_ == State::kLastLine ? State::kDone : State::kChunkSize;
  }
  head_.clear();
  return end + 1;
}

std::size_t AnswerReader::take_payload(std::string_view bytes) {
  const std::string_view payload = bytes.substr(0, left_);
  if (streamed_) {
    for (const char c : payload) {
      if (c == '\n' && last_ == '\n') ++events_;
      last_ = c;
    }
  }
  tail_ += payload.substr(payload.size() - std::min(payload.size(), kStreamEnd.size()));
  if (tail_.size() > kStreamEnd.size()) tail_.erase(0, tail_.size() - kStreamEnd.size());
  left_ -= payload.size();
  if (left_ == 0) state_ = state_ == State::kBody ? State::kDone : State::kChunkEnd;
  return payload.size();
}

bool AnswerReader::good() const {
  if (state_ != State::kDone || status_ != 200 || tail_.empty()) return false;
  return streamed_ ? tail_ == kStreamEnd : tail_.back() == '}';
}

}  // namespace tollgate::bench
