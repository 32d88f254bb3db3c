#include "server/dashboard.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

// cmake/embed.cmake makes these of build/dashboard/dashboard.pack.
extern "C" {
extern const char tollgate_dashboard_begin[];
extern const char tollgate_dashboard_end[];
}

namespace tollgate {

namespace {

// No inline script or style, nothing from elsewhere, never in a frame.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'";

constexpr std::string_view kNotBuilt = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tollgate</title>
<h1>Tollgate is running</h1>
<p>This binary was built without its dashboard, because Node packages could not be had. With a network,
run <code>script/build</code> again. Until then the command line does all of it: <code>tollgate --help</code>.</p>
</html>
)";

// The first segments that belong to the APIs, whatever stands behind them.
constexpr std::array<std::string_view, 8> kApiSegments = {"v1",    "v2",    "v3",     "api",
                                                          "admin", "livez", "readyz", "metrics"};

// Vite puts a hash of the content into the names of all files below it.
constexpr std::string_view kHashedFolder = "/assets/";

std::string_view first_segment(std::string_view path) {
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  return path.substr(0, path.find('/'));
}

bool is_api_path(std::string_view path) {
  return std::ranges::find(kApiSegments, first_segment(path)) != kApiSegments.end();
}

bool has_extension(std::string_view path) {
  return path.substr(path.rfind('/') + 1).find('.') != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether a comma-separated header lists `wanted`, and not with q=0 (RFC 9110 §12.4.2).
bool lists(std::string_view header, std::string_view wanted) {
  while (!header.empty()) {
    const std::string_view item = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), item.size() + 1));
    const std::string_view name = trimmed(item.substr(0, item.find(';')));
    if (!net::equals_ignoring_case(name, wanted)) continue;
    const std::string_view parameters = item.substr(std::min(item.size(), item.find(';')));
    const auto weight = parameters.find("q=");
    if (weight == std::string_view::npos) return true;
    return parameters.substr(weight + 2).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

// Whether If-None-Match names this version, in any coding (weak comparison, RFC 9110 §8.8.3.2).
bool has_version(std::string_view if_none_match, std::string_view etag) {
  return if_none_match.find(etag) != std::string_view::npos || trimmed(if_none_match) == "*";
}

void add_security_headers(net::Response& answer) {
  answer.fields.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
  answer.fields.emplace_back("X-Content-Type-Options", "nosniff");
  answer.fields.emplace_back("Referrer-Policy", "no-referrer");
  answer.fields.emplace_back("X-Frame-Options", "DENY");
  answer.fields.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  answer.fields.emplace_back("Permissions-Policy",
                             "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

std::optional<std::size_t> read_size(std::string_view text) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return size;
}

Error bad_pack(std::string_view line) {
  return {.code = ErrorCode::kInternal,
          .message = "The dashboard that is built into this binary cannot be read.",
          .detail = "line of the index: " + std::string(line)};
}

}  // namespace

std::string_view embedded_dashboard() {
  return {tollgate_dashboard_begin,
          static_cast<std::size_t>(tollgate_dashboard_end - tollgate_dashboard_begin)};
}

Result<Dashboard> Dashboard::from_pack(std::string_view pack) {
  Dashboard dashboard;
  if (pack.empty()) return dashboard;
  const auto end = pack.find("\n\n");
  if (end == std::string_view::npos) return std::unexpected(bad_pack("no end"));
  std::string_view index = pack.substr(0, end + 1);
  std::string_view bytes = pack.substr(end + 2);
  while (!index.empty()) {
    const std::string_view line = index.substr(0, index.find('\n'));
    index.remove_prefix(line.size() + 1);
    std::array<std::string_view, 6> parts;
    std::string_view rest = line;
    for (std::string_view& part : parts) {
      part = rest.substr(0, rest.find('\t'));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    }
    File file;
    file.path = parts[0];
    file.content_type = parts[1];
    file.etag = parts[2];
    std::size_t next = 3;
    for (std::string_view* const coding : {&file.raw, &file.gzip, &file.brotli}) {
      const auto size = read_size(parts.at(next++));
      if (!size || *size > bytes.size()) return std::unexpected(bad_pack(line));
      *coding = bytes.substr(0, *size);
      bytes.remove_prefix(*size);
    }
    dashboard.files_.push_back(file);
  }
  if (!bytes.empty() || dashboard.file_at("/index.html") == nullptr) {
    return std::unexpected(bad_pack("bytes are left, or there is no index.html"));
  }
  return dashboard;
}

const Dashboard::File* Dashboard::file_at(std::string_view path) const {
  const auto found = std::ranges::find(files_, path, &File::path);
  return found == files_.end() ? nullptr : &*found;
}

bool Dashboard::serves(const net::RequestHead& head) const {
  if (head.method != "GET" && head.method != "HEAD") return false;
  const std::string_view path = head.path();
  if (is_api_path(path)) return false;
  if (path == "/" || file_at(path) != nullptr) return true;
  const std::string_view accept = head.find("Accept");
  return !has_extension(path) && lists(accept, "text/html");
}

net::Response Dashboard::answer(const net::RequestHead& head) const {
  net::Response answer;
  add_security_headers(answer);
  const File* file = file_at(head.path());
  if (file == nullptr) file = file_at("/index.html");
  if (file == nullptr) {
    answer.content_type = "text/html; charset=utf-8";
    answer.fields.emplace_back("Cache-Control", "no-store");
    answer.body = kNotBuilt;
    return answer;
  }
  const bool hashed = file->path.starts_with(kHashedFolder);
  answer.fields.emplace_back("Cache-Control",
                             hashed ? "public, max-age=31536000, immutable" : "no-cache");
  answer.content_type = file->content_type;
  const std::string_view accepted = head.find("Accept-Encoding");
  std::string_view body = file->raw;
  std::string tag(file->etag);
  if (!file->brotli.empty() && lists(accepted, "br")) {
    body = file->brotli;
    answer.fields.emplace_back("Content-Encoding", "br");
    tag += "-br";
  } else if (!file->gzip.empty() && lists(accepted, "gzip")) {
    body = file->gzip;
    answer.fields.emplace_back("Content-Encoding", "gzip");
    tag += "-gz";
  }
  answer.fields.emplace_back("ETag", "\"" + tag + "\"");
  if (!file->gzip.empty()) answer.fields.emplace_back("Vary", "Accept-Encoding");
  if (has_version(head.find("If-None-Match"), file->etag)) answer.status = 304;
  answer.body = body;
  return answer;
}

}  // namespace tollgate
