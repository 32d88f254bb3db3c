#include "runtime/blocking_pool.h"

namespace tollgate {

BlockingPool::BlockingPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

BlockingPool::~BlockingPool() {
  {
    Lock lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool BlockingPool::submit(std::function<void()> work) {
  {
    Lock lock(mutex_);
    if (queue_.size() >= kBlockingQueueMax) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void BlockingPool::run() {
  for (;;) {
    std::function<void()> work;
    {
      Lock lock(mutex_);
      while (queue_.empty() && !stopping_) lock.wait(wake_);
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace tollgate
