#include "runtime/frame_pool.h"

#include <utility>

namespace tollgate {

FramePool::~FramePool() {
  for (Free*& first : free_) {
    while (first != nullptr) ::operator delete(std::exchange(first, first->next));
  }
  kept_bytes_ = kKeptBytesMax;  // nothing is kept by a thread that ends
}

FramePool& FramePool::of_this_thread() {
  thread_local FramePool pool;
  return pool;
}

}  // namespace tollgate
