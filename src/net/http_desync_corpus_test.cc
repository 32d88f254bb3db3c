// Replays the test cases of AWS's http-desync-guardian
// (https://github.com/aws/http-desync-guardian) against the codec, where that folder is present:
// TOLLGATE_SHARED_DATA/http-desync/*.yaml.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "net/http_codec.h"

namespace tollgate::net {
namespace {

// The compliant rows that are refused, and why.
const std::map<std::string, std::string> kRefusedCompliantRows = {
    {"TE with custom parameters OK",
     "`chunked;param`: RFC 9112 §7.1 defines no parameters for chunked; parsers differ on it"},
    {"Transfer-Encoding with a param: chunked;custom_param", "the same"},
    {"Empty URI", "RFC 9112 §3.2: an empty target is none of the four forms"},
    {"International in URI", "RFC 3986 §2: a target is ASCII; raw UTF-8 must be percent-encoded"},
};

// The compliant rows whose head is taken while their body is answered with 501 by BodyDecoder,
// because nothing here decodes gzip, deflate or compress.
const std::vector<std::string> kCodedCompliantRows = {
    "Correct TE OK",
    "Different Transfer-Encoding headers",
    "Different Transfer-Encoding headers combined",
    "Multiple transfer encoding headers in a single request OK",
    "Transfer-Encoding: identity and chunked OK",
};

// How the corpus's characters become bytes. YAML's "\x88" is U+0088: most likely one byte was
// meant, and UTF-8 is what its own harness sends.
enum class Encoding { kUtf8, kLatin1 };

std::string encode(const std::string& utf8, Encoding encoding) {
  if (encoding == Encoding::kUtf8) return utf8;
  std::string bytes;
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const bool fits_one_byte = (lead == 0xc2 || lead == 0xc3) && at + 1 < utf8.size();
    if (fits_one_byte) {
      const auto next = static_cast<unsigned char>(utf8[++at]);
      bytes += static_cast<char>(((lead & 3) << 6) | (next & 0x3f));
    } else {
      bytes += utf8[at];
    }
  }
  return bytes;
}

struct Row {
  std::string name, tier, method, uri, version;
  std::vector<std::pair<std::string, std::string>> fields;

  // The head on the wire. A Host is added where the row has none, so that no row is refused for
  // lacking it.
  std::string bytes(Encoding encoding, std::string_view separator) const {
    std::string head = method + " " + uri + (version.empty() ? "" : " " + version) + "\r\n";
    const bool has_host = std::ranges::any_of(fields, [](const auto& field) {
      std::string lower = field.first;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
      return lower == "host";
    });
    if (!has_host) head += "Host: localhost\r\n";
    for (const auto& [field, value] : fields) {
      head += field + std::string(separator) + value + "\r\n";
    }
    return encode(head + "\r\n", encoding);
  }
};

std::filesystem::path corpus_folder() {
  const char* shared = std::getenv("TOLLGATE_SHARED_DATA");
  const std::filesystem::path root =
      shared != nullptr ? shared : TOLLGATE_SOURCE_DIR "/../shared/data";
  return root / "http-desync";
}

std::vector<Row> load_rows(const std::filesystem::path& folder) {
  std::vector<Row> rows;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".yaml") continue;
    for (const YAML::Node& node : YAML::LoadFile(file.path().string())) {
      Row row{.name = node["name"].as<std::string>(),
              .tier = node["expected"]["tier"].as<std::string>(),
              .method = node["method"].as<std::string>(),
              .uri = node["uri"].as<std::string>(),
              .version = node["version"].as<std::string>(),
              .fields = {}};
      for (const YAML::Node& field : node["headers"]) {
        row.fields.emplace_back(field["name"].as<std::string>(), field["value"].as<std::string>());
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// 0 for an unfinished head, 200 for a sound one, else the refusal's status.
int judge(std::string_view bytes, Framing* framing = nullptr) {
  RequestHead head;
  const Result<std::size_t> size = parse_request_head(bytes, {}, head);
  if (!size) return error_status(size.error().code);
  if (framing != nullptr) *framing = head.framing;
  return *size == 0 ? 0 : 200;
}

class HttpDesyncCorpusTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(corpus_folder())) {
      GTEST_SKIP() << "no corpus at " << corpus_folder() << " (set TOLLGATE_SHARED_DATA)";
    }
    rows_ = load_rows(corpus_folder());
  }

  // Every way in which a row of this tier may stand on the wire.
  template <class Visit>
  int for_each_head(std::string_view tier, Visit visit) {
    int rows = 0;
    for (const Row& row : rows_) {
      if (row.tier != tier) continue;
      ++rows;
      for (const Encoding encoding : {Encoding::kUtf8, Encoding::kLatin1}) {
        for (const std::string_view separator : {":", ": "}) {
          visit(row, row.bytes(encoding, separator));
        }
      }
    }
    return rows;
  }

  std::vector<Row> rows_;
};

TEST_F(HttpDesyncCorpusTest, RefusesEverySevereAndAmbiguousRowHoweverItIsSplit) {
  for (const std::string_view tier : {"Severe", "Ambiguous"}) {
    const int rows = for_each_head(tier, [](const Row& row, const std::string& bytes) {
      const int status = judge(bytes);
      EXPECT_TRUE(status == 400 || status == 501) << row.name << " came to " << status;
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_NE(judge(std::string_view(bytes).substr(0, size)), 200) << row.name;
      }
    });
    EXPECT_GE(rows, 58) << tier;
  }
}

TEST_F(HttpDesyncCorpusTest, TakesEveryCompliantRowButTheListedOnes) {
  std::map<std::string, std::string> refused;
  std::vector<std::string> coded;
  const int rows = for_each_head("Compliant", [&](const Row& row, const std::string& bytes) {
    Framing framing = Framing::kNone;
    const int status = judge(bytes, &framing);
    EXPECT_NE(status, 0) << row.name;
    const auto listed = kRefusedCompliantRows.find(row.name);
    EXPECT_EQ(status == 200, listed == kRefusedCompliantRows.end()) << row.name << ": " << status;
    if (status != 200 && listed != kRefusedCompliantRows.end()) refused.insert(*listed);
    const bool first_sight = std::ranges::find(coded, row.name) == coded.end();
    if (framing == Framing::kCoded && first_sight) coded.push_back(row.name);
  });
  EXPECT_EQ(refused, kRefusedCompliantRows);
  EXPECT_GE(rows - static_cast<int>(refused.size()), 24);
  std::ranges::sort(coded);
  EXPECT_EQ(coded, kCodedCompliantRows);
}

}  // namespace
}  // namespace tollgate::net
