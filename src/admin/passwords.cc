#include "admin/passwords.h"

#include <memory>
#include <utility>

#include "base/password.h"
#include "runtime/async.h"

namespace tollgate {

Passwords::Passwords(Metrics* metrics) {
  if (metrics == nullptr) return;
  counter_ = &metrics->counter("tollgate_password_hashes_total",
                               "Password hashes computed, to sign in or to keep one.");
}

template <class T>
Task<Result<T>> Passwords::run(std::function<Result<T>()> work) {
  if (waiting_.fetch_add(1) >= kPasswordsWaitingMax) {
    waiting_.fetch_sub(1);
    co_return fail(ErrorCode::kServiceUnavailable,
                   "Too many passwords are being checked: try again in some seconds.");
  }
  co_return co_await from_callback<Result<T>>([this, &work](Callback<Result<T>> waiter) {
    // Shared: a std::function is copied.
    auto told = std::make_shared<Callback<Result<T>>>(std::move(waiter));
    const bool taken = pool_.submit([this, told, work = std::move(work)] {
      Result<T> result = work();
      computed_.fetch_add(1);
      if (counter_ != nullptr) counter_->Increment();
      waiting_.fetch_sub(1);
      (*told)(std::move(result));
    });
    if (taken) return;
    waiting_.fetch_sub(1);
    (*told)(fail(ErrorCode::kServiceUnavailable, "The server is busy: try again."));
  });
}

Task<Result<std::string>> Passwords::hash(Secret password) {
  return run<std::string>([password = std::move(password)] { return hash_password(password); });
}

Task<Result<bool>> Passwords::is_of(std::string hash, Secret password) {
  return run<bool>([hash = std::move(hash), password = std::move(password)] -> Result<bool> {
    return is_password_of(hash, password);
  });
}

}  // namespace tollgate
