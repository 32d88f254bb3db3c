#include "dialects/splice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/random.h"

namespace tollgate {
namespace {

// The body that goes to a provider that calls the model "up".
std::string upstream(const std::string& body, std::string_view model = "up") {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  if (!request) return {};
  const SplicedBody spliced = upstream_body(*request, body, model);
  const std::string text = spliced.text();
  EXPECT_EQ(text.size(), spliced.size());
  EXPECT_EQ(text == body, spliced.unchanged());
  return text;
}

constexpr std::string_view kTail = R"("messages":[{"role":"user"}]})";
std::string with(const std::string& members) { return "{" + members + std::string(kTail); }

TEST(Splice, ReplacesTheModelAndNothingElse) {
  EXPECT_EQ(
      upstream("{ \"temperature\" : 1.50, \"m\\u006fdel\" :\t\"a\\/b\" , " + std::string(kTail)),
      "{ \"temperature\" : 1.50, \"m\\u006fdel\" :\t\"up\" , " + std::string(kTail));
}

TEST(Splice, PutsAModelInWhereNoneWasNamed) {
  const auto said = [](const std::string& body, std::optional<OutputLimit> limit = {}) {
    const auto request = read_chat_request(body, ModelMember::kOptional);
    EXPECT_TRUE(request.has_value()) << body;
    return request ? upstream_body(*request, body, "up", limit).text() : std::string();
  };
  EXPECT_EQ(said(with("")), with(R"("model":"up",)"));
  EXPECT_EQ(said(with(R"("model":null,)")), with(R"("model":"up",)"));
  EXPECT_EQ(said(with(R"("model":"",)")), with(R"("model":"up",)"));
  EXPECT_EQ(said(with(R"("route":{},)")), with(R"("model":"up",)"));
  const std::string both = said(with(R"("stream":true,)"), OutputLimit{"max_tokens", 9});
  const auto again = read_chat_request(both);
  ASSERT_TRUE(again.has_value()) << both;
  EXPECT_EQ(again->model, "up");
  EXPECT_EQ(again->max_tokens, 9);
  EXPECT_TRUE(again->include_usage);
}

TEST(Splice, WritesTheModelAsAJsonString) {
  EXPECT_EQ(upstream(with(R"("model":"a",)"), "q\"\\\n"), with(R"("model":"q\"\\\n",)"));
}

TEST(Splice, LeavesABodyAloneThatNeedsNothing) {
  const std::string body = with(R"("model":"up","stream":false,)");
  const auto request = read_chat_request(body);
  ASSERT_TRUE(request.has_value());
  const SplicedBody spliced = upstream_body(*request, body, "up");
  EXPECT_TRUE(spliced.unchanged());
  const std::vector<std::string_view> pieces = spliced.pieces();
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].data(), body.data());
}

TEST(Splice, ForcesUsageOnStreamsInEveryShapeOfStreamOptions) {
  const auto streamed = [](const std::string& options) {
    return with(R"("model":"up","stream":true,)" + options);
  };
  EXPECT_EQ(upstream(streamed("")),
            R"({"stream_options":{"include_usage":true},"model":"up","stream":true,)" +
                std::string(kTail));
  EXPECT_EQ(upstream(streamed(R"("stream_options":null,)")),
            streamed(R"("stream_options":{"include_usage":true},)"));
  EXPECT_EQ(upstream(streamed(R"("stream_options":{ },)")),
            streamed(R"("stream_options":{"include_usage":true },)"));
  EXPECT_EQ(upstream(streamed(R"("stream_options":{"x":1},)")),
            streamed(R"("stream_options":{"include_usage":true,"x":1},)"));
  EXPECT_EQ(upstream(streamed(R"("stream_options":{"x":1,"include_usage":false},)")),
            streamed(R"("stream_options":{"x":1,"include_usage":true},)"));
  EXPECT_EQ(upstream(streamed(R"("stream_options":{"include_usage":null},)")),
            streamed(R"("stream_options":{"include_usage":true},)"));
  const std::string asked = streamed(R"("stream_options":{"include_usage":true},)");
  EXPECT_EQ(upstream(asked), asked);
}

TEST(Splice, LeavesStreamOptionsAloneWhereNothingIsStreamed) {
  const std::string body = with(R"("model":"up","stream_options":{"include_usage":false},)");
  EXPECT_EQ(upstream(body), body);
}

TEST(Splice, CutsRouteWhereverItStands) {
  EXPECT_EQ(upstream(with(R"("route":{"region":"eu"},"model":"up",)")), with(R"("model":"up",)"));
  EXPECT_EQ(upstream(with(R"("model":"up","route":null,)")), with(R"("model":"up",)"));
  EXPECT_EQ(upstream(R"({"messages":[{"role":"user"}],"model":"a","route":{"region":"eu"}})"),
            R"({"messages":[{"role":"user"}],"model":"up"})");
  EXPECT_EQ(upstream(with(R"("route":{},"stream":true,"model":"up",)")),
            R"({"stream_options":{"include_usage":true},"stream":true,"model":"up",)" +
                std::string(kTail));
}

// The body that goes to a provider which names its limit `field`, when 77 is to be set.
std::string limited(const std::string& body, std::string_view field) {
  const auto request = read_chat_request(body);
  EXPECT_TRUE(request.has_value()) << body << ": " << request.error().message;
  if (!request) return {};
  return upstream_body(*request, body, "up", OutputLimit{.field = field, .tokens = 77}).text();
}

TEST(Splice, SetsAnOutputLimitInTheMemberThatTheOfferNames) {
  const std::string body = with(R"("model":"up",)");
  EXPECT_EQ(limited(body, "max_tokens"), with(R"("max_tokens":77,"model":"up",)"));
  EXPECT_EQ(limited(body, "max_completion_tokens"),
            with(R"("max_completion_tokens":77,"model":"up",)"));
  EXPECT_EQ(upstream(body), body);  // not asked for: left alone
}

TEST(Splice, AnOutputLimitOfNullIsReplaced) {
  EXPECT_EQ(limited(with(R"("model":"up","max_tokens" : null ,)"), "max_tokens"),
            with(R"("model":"up","max_tokens" : 77 ,)"));
  EXPECT_EQ(limited(with(R"("max_completion_tokens":null,"model":"up",)"), "max_completion_tokens"),
            with(R"("max_completion_tokens":77,"model":"up",)"));
  EXPECT_EQ(limited(with(R"("max_tokens":null,"model":"up",)"), "max_completion_tokens"),
            with(R"("max_completion_tokens":77,"max_tokens":null,"model":"up",)"));
}

TEST(Splice, AnOutputLimitThatTheClientGaveIsNeitherRaisedNorShortened) {
  for (const char* given : {R"("max_tokens":5,)", R"("max_tokens":500,)",
                            R"("max_completion_tokens":5,)", R"("max_completion_tokens":500,)"}) {
    const std::string body = with(std::string(R"("model":"up","n":2,"best_of":3,)") + given);
    EXPECT_EQ(limited(body, "max_tokens"), body);
    EXPECT_EQ(limited(body, "max_completion_tokens"), body);
  }
}

TEST(Splice, AnOutputLimitStandsBesideEveryOtherEdit) {
  EXPECT_EQ(limited(with(R"("route":{},"stream":true,"model":"a",)"), "max_tokens"),
            with(R"("stream_options":{"include_usage":true},"max_tokens":77,"stream":true,)"
                 R"("model":"up",)"));
}

TEST(SplicedBody, PutsEditsInOrderWhateverTheOrderTheyCameIn) {
  SplicedBody body("0123456789");
  body.replace({8, 2}, "end");
  body.replace({2, 1}, "two");
  body.replace({2, 0}, "<");
  body.replace({0, 1}, "");
  EXPECT_EQ(body.text(), "1<two34567end");
  EXPECT_EQ(body.size(), body.text().size());
}

// Any JSON value, written with odd but legal white space and escapes.
std::string random_value(Random& random, int depth) {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return "null";
    case 1:
      return random.below(2) == 0 ? "true" : " false";
    case 2:
      return std::to_string(random.below(1000)) + ".50e-3";
    case 3:
      return "-0";
    case 4:
      return R"("\u0041\n\"\\ )" + std::string(random.below(90), 'z') + R"(\ud83d\ude00 é 漢")";
    case 5:
      return R"("{\"model\":\"x\"}")";
    case 6: {
      std::string out = "[ ";
      for (std::uint32_t i = random.below(4); i > 0; --i) {
        out += random_value(random, depth - 1) + (i > 1 ? " ,\n" : "");
      }
      return out + "]";
    }
    default: {
      std::string out = "{\t";
      for (std::uint32_t i = random.below(4); i > 0; --i) {
        out += "\"model\" : " + random_value(random, depth - 1) + (i > 1 ? "," : "");
      }
      return out + "}";
    }
  }
}

struct RandomBody {
  std::string sent;
  std::string expected;
};

RandomBody random_body(Random& random) {
  struct Member {
    std::string sent;
    std::string expected;  // empty: cut
  };
  std::vector<Member> members;
  const auto same = [&](const std::string& text) { members.push_back({text, text}); };
  members.push_back({R"("model": "acme/large")", R"("model": "up")"});
  same("\"messages\":[{\"role\":\"user\",\"content\":" + random_value(random, 2) + "}]");
  const bool stream = random.below(2) == 0;
  if (stream) same("\"stream\" :true");
  const std::uint32_t options = random.below(3);
  if (options == 1) {
    const std::string value = "{\"x\":" + random_value(random, 2) + "}";
    members.push_back(
        {"\"stream_options\":" + value,
         "\"stream_options\":" + (stream ? "{\"include_usage\":true," + value.substr(1) : value)});
  } else if (options == 2) {
    members.push_back({R"("stream_options":{"include_usage": false })",
                       stream ? R"("stream_options":{"include_usage": true })"
                              : R"("stream_options":{"include_usage": false })"});
  }
  for (std::uint32_t i = random.below(6); i > 0; --i) {
    same("\"unknown" + std::to_string(random.below(4)) + "\": " + random_value(random, 4));
  }
  for (std::size_t i = members.size(); i > 1; --i) {
    std::swap(members[i - 1], members[random.below(static_cast<std::uint32_t>(i))]);
  }
  RandomBody body;
  for (const Member& member : members) {
    body.sent += (body.sent.empty() ? "" : ",") + member.sent;
    body.expected += (body.expected.empty() ? "" : ",") + member.expected;
  }
  const std::string inserted =
      stream && options == 0 ? R"("stream_options":{"include_usage":true},)" : "";
  // `route` takes one comma with it: the one behind it, or before it where it is last.
  const std::string route = "\"route\":{\"region\":\"eu\"}";
  switch (random.below(3)) {
    case 0:
      body.sent = route + "," + body.sent;
      break;
    case 1:
      body.sent += "," + route;
      break;
    default:
      break;
  }
  body.sent = "{" + body.sent + "}";
  body.expected = "{" + inserted + body.expected + "}";
  return body;
}

TEST(Splice, AThousandRandomBodiesArriveByteForByteButForTheSplicedMembers) {
  SeededRandom random(20'261'121);
  for (int i = 0; i < 1000; ++i) {
    const RandomBody body = random_body(random);
    ASSERT_EQ(upstream(body.sent), body.expected) << "body " << i;
  }
}

}  // namespace
}  // namespace tollgate
