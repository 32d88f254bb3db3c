// Metric handles (prometheus-cpp core). A handle is fetched once and kept: a label look-up costs
// more than the count itself. Key ids, tokens and user text are never labels.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  prometheus::Counter& counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& bounds, const Labels& labels = {});
  // The Prometheus text exposition format, version 0.0.4.
  std::string text() const;

 private:
  prometheus::Registry registry_;
};

}  // namespace tollgate
