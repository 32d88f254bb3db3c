// FramePool: where the frames of coroutines come from. A request is some twenty Tasks, each with a
// frame of a few hundred bytes that lives for microseconds: malloc and free would be a sixth of
// what a request costs outside the kernel. One per thread, so nothing is locked; a frame may be
// given back on another thread than the one it came from.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>

namespace tollgate {

class FramePool {
 public:
  // What is kept for the next Task, all sizes together; more goes back to the system.
  static constexpr std::size_t kKeptBytesMax = 256 * 1024;
  static constexpr std::size_t kStep = 64;
  // Larger frames are rare, and not kept.
  static constexpr std::size_t kFrameBytesMax = 2'048;

  FramePool() = default;
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  void* take(std::size_t bytes) {
    const std::size_t steps = steps_of(bytes);
    if (steps >= free_.size() || free_[steps] == nullptr) return ::operator new(steps * kStep);
    Free* frame = free_[steps];
    free_[steps] = frame->next;
    kept_bytes_ -= steps * kStep;
    return frame;
  }
  // REQUIRES: take(bytes) of some FramePool gave it.
  void give_back(void* frame, std::size_t bytes) noexcept {
    const std::size_t steps = steps_of(bytes);
    if (steps >= free_.size() || kept_bytes_ + steps * kStep > kKeptBytesMax) {
      return ::operator delete(frame);
    }
    free_[steps] = std::construct_at(static_cast<Free*>(frame), free_[steps]);
    kept_bytes_ += steps * kStep;
  }

  std::size_t kept_bytes() const { return kept_bytes_; }

  static FramePool& of_this_thread();

 private:
  struct Free {
    Free* next;
  };
  static std::size_t steps_of(std::size_t bytes) { return (bytes + kStep - 1) / kStep; }

  std::array<Free*, kFrameBytesMax / kStep + 1> free_{};  // by size in steps
  std::size_t kept_bytes_ = 0;
};

}  // namespace tollgate
