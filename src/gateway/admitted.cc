#include "gateway/admitted.h"

namespace tollgate {

Task<> InFlight::pause(IoThread& thread, std::chrono::milliseconds wait) {
  if (cut_) co_return;
  Deadline over(thread.deadlines(), [this] { pause_.resume(Wake::kTimeout); });
  over.arm(wait);
  co_await pause_.wait();
}

}  // namespace tollgate
