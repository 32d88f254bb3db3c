// Buffer: bytes that grow at the end, not zeroed first, with room behind them for a reader that
// looks past the end (simdjson). Not for secrets.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace tollgate::net {

// Readable (but meaningless) bytes that always follow the content; simdjson asks for 64.
inline constexpr std::size_t kBufferPadding = 64;

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  // At least `capacity` bytes of content without moving again.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    void* grown = std::realloc(data_, capacity + kBufferPadding);
    if (grown == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
    std::memset(data_ + size_, 0, kBufferPadding);
  }
  // Free room at the end, to be filled and then committed.
  std::span<char> room() { return {data_ + size_, capacity_ - size_}; }
  void commit(std::size_t bytes) {
    size_ += bytes;
    std::memset(data_ + size_, 0, kBufferPadding);
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (size_ + bytes.size() > capacity_) reserve(std::max(size_ + bytes.size(), capacity_ * 2));
    std::memcpy(data_ + size_, bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void drop_front(std::size_t bytes) {
    std::memmove(data_, data_ + bytes, size_ - bytes);
    size_ -= bytes;
    if (data_ != nullptr) std::memset(data_ + size_, 0, kBufferPadding);
  }
  void clear() { size_ = 0; }
  // Gives the memory back.
  void release() { *this = Buffer(); }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tollgate::net
