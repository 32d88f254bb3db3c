#include "dialects/unit_request.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "dialects/splice.h"

namespace tollgate {
namespace {

using Reader = Result<ChatRequest> (*)(std::string_view);

struct Route {
  Reader read;
  std::string_view members;  // what it needs beside the model
};
constexpr std::array<Route, 5> kRoutes = {
    {{read_embeddings_request, R"("input":"a")"},
     {read_moderations_request, R"("input":"a")"},
     {read_rerank_request, R"("query":"q","documents":["d"])"},
     {read_images_request, R"("prompt":"p")"},
     {read_speech_request, R"("input":"a","voice":"v")"}}};

std::string body_of(const Route& route, std::string_view more = "") {
  return R"({"model":"acme/m",)" + std::string(route.members) + std::string(more) + "}";
}

void expect_refused(Reader read, const std::string& body, std::string_view param) {
  const auto request = read(body);
  ASSERT_FALSE(request.has_value()) << body;
  EXPECT_EQ(request.error().code, ErrorCode::kInvalidRequest) << body;
  EXPECT_EQ(request.error().param.value_or(""), param) << body;
}

RequestNeeds needs_of(Reader read, const std::string& body) {
  const auto request = read(body);
  EXPECT_TRUE(request.has_value()) << body << (request ? "" : ": " + request.error().message);
  return request ? request->needs : RequestNeeds{};
}

TEST(UnitRequest, GoesOnAsItCameButForTheModelAndTheRoute) {
  for (const Route& route : kRoutes) {
    const std::string body =
        body_of(route, R"(,"route":{"region":"eu"}, "unknown" : {"model":[1.50e3]})");
    const auto request = route.read(body);
    ASSERT_TRUE(request.has_value()) << body << request.error().message;
    EXPECT_EQ(request->model, "acme/m");
    EXPECT_EQ(request->route.region, "eu");
    EXPECT_EQ(
        upstream_body(*request, body, "m\"").text(),
        R"({"model":"m\"",)" + std::string(route.members) + R"(, "unknown" : {"model":[1.50e3]}})");
  }
}

TEST(UnitRequest, ChoosesNoOtherModelAndNoDearerServiceAtTheProvider) {
  for (const Route& route : kRoutes) {
    expect_refused(route.read, body_of(route, R"(,"models":["dear/model"])"), "models");
    expect_refused(route.read, body_of(route, R"(,"fallb\u0061cks":["z"])"), "fallbacks");
    expect_refused(route.read, body_of(route, R"(,"models":null,"models":["z"])"), "models");
    EXPECT_TRUE(needs_of(route.read, body_of(route, R"(,"service_tier":"priority")")).hosted_fees);
    EXPECT_FALSE(needs_of(route.read, body_of(route, R"(,"service_tier":"auto","models":null)"))
                     .hosted_fees);
  }
}

TEST(UnitRequest, AMemberThatPolicyReadsStandsOnceInAnySpelling) {
  for (const Route& route : kRoutes) {
    expect_refused(route.read, body_of(route, R"(,"mod\u0065l":"acme/other")"), "model");
    expect_refused(route.read, body_of(route, R"(,"route":null,"rout\u0065":null)"), "route");
  }
  expect_refused(read_images_request, R"({"model":"m","prompt":"p","n":1,"\u006e":128})", "n");
  expect_refused(read_embeddings_request, R"({"model":"m","input":"a","input":"b"})", "input");
}

TEST(UnitRequest, WhatIsNeededIsThere) {
  for (const Route& route : kRoutes) {
    const auto bare = route.read(R"({"model":"m"})");
    ASSERT_FALSE(bare.has_value());
    EXPECT_EQ(bare.error().code, ErrorCode::kInvalidRequest);
    EXPECT_FALSE(route.read("[]").has_value());
    EXPECT_FALSE(route.read(body_of(route, ",")).has_value());
  }
  expect_refused(read_embeddings_request, R"({"input":"a"})", "model");
  expect_refused(read_embeddings_request, R"({"model":"m","input":null})", "input");
}

TEST(UnitRequest, OnlyAModerationHasAModelOfItsOwn) {
  const std::string body = R"( {"input":"a"})";
  const auto request = read_moderations_request(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->model, "omni-moderation-latest");
  EXPECT_EQ(upstream_body(*request, body, "m").text(), R"( {"model":"m","input":"a"})");
}

TEST(UnitRequest, EmbeddingsTakeTextsAndTokens) {
  const auto inputs = [](std::string_view input) {
    return needs_of(read_embeddings_request, R"({"model":"m","input":)" + std::string(input) + "}")
        .inputs;
  };
  EXPECT_EQ(inputs(R"("a")"), 1);
  EXPECT_EQ(inputs(R"(["a","b"])"), 2);
  EXPECT_EQ(inputs("[1,2,3]"), 1);
  EXPECT_EQ(inputs("[[1,2],[3]]"), 2);
  for (const char* input : {"[]", "[[]]", "7", "true", "{}", R"(["a",1])", "[1.5]", "[[1],2]"}) {
    expect_refused(read_embeddings_request, R"({"model":"m","input":)" + std::string(input) + "}",
                   "input");
  }
}

TEST(UnitRequest, AnInputThatIsNoTextIsTheWholeWindow) {
  const RequestNeeds needs = needs_of(read_embeddings_request,
                                      R"({"model":"m","input":[{"image":"https://a.example/b"}]})");
  EXPECT_TRUE(needs.whole_window);
  EXPECT_EQ(needs.output, OutputBound::kNone);
}

TEST(UnitRequest, AModeratedImageCountsAsAnImageAndNotByItsBytes) {
  const std::string body =
      R"({"model":"m","input":[{"type":"text","text":"a"},{"image_url":{"url":"data:AAAA"},"type":"image_url"}]})";
  const RequestNeeds needs = needs_of(read_moderations_request, body);
  EXPECT_EQ(needs.images, 1);
  EXPECT_LT(needs.text_bytes, static_cast<std::int64_t>(body.size()) - 40);
}

TEST(UnitRequest, AModeratedPartThatIsNoPlainTextOrImageIsTheWholeWindow) {
  const auto needs = [](std::string_view part) {
    return needs_of(read_moderations_request,
                    R"({"model":"m","input":[)" + std::string(part) + "]}");
  };
  EXPECT_FALSE(needs(R"({"type":"text","text":"a"})").whole_window);
  EXPECT_FALSE(
      needs(R"({"type":"image_url","image_url":{"url":"https://a.example/b"}})").whole_window);
  for (const std::string part :
       {R"({"type":"input_text","text":"abcdefgh"})", R"({"text":"abcdefgh"})", "{}",
        R"({"type":"text","text":"a","image_url":{"url":"https://a.example/b"}})",
        R"({"type":"image_url","image_url":{"url":"x"},"text":"abcdefgh"})",
        R"({"type":"image_url","image_url":{"url":"x"},"video_url":"y"})"}) {
    const RequestNeeds read = needs(part);
    EXPECT_TRUE(read.whole_window) << part;
    EXPECT_EQ(read.images, 0) << part;
    EXPECT_EQ(read.text_bytes, static_cast<std::int64_t>(part.size() + 24)) << part;
  }
  expect_refused(read_moderations_request,
                 R"({"model":"m","input":[{"type":"text","type":"image_url"}]})", "input");
}

TEST(UnitRequest, ARerankedDocumentThatIsMoreThanTextIsTheWholeWindow) {
  const auto whole = [](std::string_view documents) {
    return needs_of(read_rerank_request,
                    R"({"model":"m","query":"q","documents":)" + std::string(documents) + "}")
        .whole_window;
  };
  EXPECT_FALSE(whole(R"(["a",{"text":"b"}])"));
  EXPECT_TRUE(whole(R"(["a",{"image":"https://a.example/b"}])"));
  EXPECT_TRUE(whole(R"([{"text":"b","image":"AAAA"}])"));
  EXPECT_TRUE(whole(R"([{"text":["b"]}])"));
}

TEST(UnitRequest, ARerankIsASearchForEveryHundredDocumentsOrPieces) {
  const auto needs = [](std::size_t documents, std::size_t bytes) {
    std::string body = R"({"model":"m","query":"q","documents":["x")";
    for (std::size_t i = 1; i < documents; ++i) body += ",\"x\"";
    return needs_of(read_rerank_request, body + R"(],"top_n":)" + std::string(bytes, ' ') + "1}");
  };
  EXPECT_EQ(needs(1, 0).units.requests, 1);
  EXPECT_EQ(needs(1, 0).requests_max, 1);
  EXPECT_EQ(needs(100, 0).units.requests, 1);
  EXPECT_EQ(needs(101, 0).units.requests, 2);
  EXPECT_EQ(needs(1'000, 0).units.requests, 10);
  EXPECT_GE(needs(1'000, 0).requests_max, 10);
  EXPECT_EQ(needs(1, 100'000).units.requests, 1);
  EXPECT_EQ(needs(1, 100'000).requests_max, 3);  // pieces of 497 bytes
}

TEST(UnitRequest, ARerankedQueryCountsWithEachDocument) {
  const std::string one = R"({"model":"m","query":"12345678","documents":["a"]})";
  const std::string three =
      R"({"model":"m","query":"12345678","documents":["a","b",{"text":"c"}]})";
  EXPECT_EQ(needs_of(read_rerank_request, one).text_bytes, static_cast<std::int64_t>(one.size()));
  const RequestNeeds needs = needs_of(read_rerank_request, three);
  EXPECT_EQ(needs.text_bytes, static_cast<std::int64_t>(three.size()) + 2 * 10);
  EXPECT_EQ(needs.inputs, 3);
  EXPECT_EQ(needs.query_bytes, 10);
}

TEST(UnitRequest, ImagesAreCounted) {
  const auto body = [](std::string_view n) {
    return R"({"model":"m","prompt":"p","n":)" + std::string(n) + "}";
  };
  EXPECT_EQ(needs_of(read_images_request, R"({"model":"m","prompt":"p"})").units.images, 1);
  EXPECT_EQ(needs_of(read_images_request, body("null")).units.images, 1);
  EXPECT_EQ(needs_of(read_images_request, body("128")).units.images, 128);
  EXPECT_EQ(needs_of(read_images_request, body("3")).choices, 3);
  for (const char* n : {"0", "-1", "129", "1.0", "1e1", "99999999999999999999", "\"2\"", "[2]"}) {
    expect_refused(read_images_request, body(n), "n");
  }
}

TEST(UnitRequest, ImagesAreCountedByNAlone) {
  const auto body = [](std::string_view more) {
    return R"({"model":"m","prompt":"p",)" + std::string(more) + "}";
  };
  for (const std::string name : {"num_images", "num_outputs", "samples", "batch_size"}) {
    expect_refused(read_images_request, body('"' + name + R"(":8)"), name);
    expect_refused(read_images_request, body('"' + name + R"(":8,"n":4)"), name);
    expect_refused(read_images_request, body('"' + name + R"(":"1")"), name);
    EXPECT_EQ(needs_of(read_images_request, body('"' + name + R"(":4,"n":4)")).units.images, 4);
    EXPECT_EQ(needs_of(read_images_request, body('"' + name + R"(":1)")).units.images, 1);
  }
  expect_refused(read_images_request, body(R"("n":2,"num_images":2,"batch_size":2)"), "batch_size");
}

TEST(UnitRequest, AStreamOfImagesIsRefusedByName) {
  expect_refused(read_images_request, R"({"model":"m","prompt":"p","stream":true})", "stream");
  EXPECT_TRUE(read_images_request(R"({"model":"m","prompt":"p","stream":false})").has_value());
}

TEST(UnitRequest, SpokenCharactersAreUnicodesWhateverTheirSpelling) {
  const auto characters = [](std::string_view text) {
    return needs_of(read_speech_request,
                    R"({"model":"m","voice":"v","input":")" + std::string(text) + "\"}")
        .units.characters;
  };
  EXPECT_EQ(characters("Grüße"), 5);
  EXPECT_EQ(characters("\\u0047r\\u00fc\\u00dfe"), 5);
  EXPECT_EQ(characters("漢字🎈"), 3);
  EXPECT_EQ(characters("\\ud83c\\udf88"), 1);
}

TEST(UnitRequest, ASyllableIsSpokenLongerThanALetter) {
  const auto needs = [](std::string_view text) {
    return needs_of(read_speech_request,
                    R"({"model":"m","voice":"v","input":")" + std::string(text) + "\"}");
  };
  EXPECT_EQ(needs("abcdefghijklmno").units.audio_ms, 1'000);
  EXPECT_EQ(needs("абвгдежзийклмно").units.audio_ms, 1'000);
  EXPECT_EQ(needs("漢字漢字").units.audio_ms, 1'000);
  EXPECT_EQ(needs("1234").units.audio_ms, 1'000);
  EXPECT_EQ(needs("ab").guessed_output, 4);
  EXPECT_EQ(needs("漢字").guessed_output, 12);
}

TEST(UnitRequest, SpeechIsAudio) {
  EXPECT_TRUE(needs_of(read_speech_request, R"({"model":"m","input":"a"})").audio_output);
}

TEST(UnitRequest, NothingIsNotSpoken) {
  expect_refused(read_speech_request, R"({"model":"m","voice":"v","input":""})", "input");
  expect_refused(read_speech_request, R"({"model":"m","voice":"v","input":["a"]})", "input");
}

TEST(UnitRequest, SpeechStreamsWhereItIsAskedTo) {
  const auto stream = [](std::string_view more) {
    return read_speech_request(R"({"model":"m","input":"a")" + std::string(more) + "}")->stream;
  };
  EXPECT_FALSE(stream(""));
  EXPECT_FALSE(stream(R"(,"stream_format":"audio")"));
  EXPECT_TRUE(stream(R"(,"stream_format":"sse")"));
}

}  // namespace
}  // namespace tollgate
