#include "dialects/multipart.h"

#include <gtest/gtest.h>

#include <string>

#include "dialects/splice.h"
#include "dialects/transcription_request.h"

namespace tollgate {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=b";

std::string part(std::string_view disposition, std::string_view content = "x") {
  return "--b\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
         std::string(content) + "\r\n";
}

const std::string kFile = part(R"(name="file"; filename="a.wav")", std::string("\0\r\n--a\n", 7));
const std::string kModel = part(R"(name="model")", "acme/whisper");
const std::string kEnd = "--b--\r\n";

TEST(FormBoundary, IsWhatTheContentTypeNames) {
  EXPECT_EQ(form_boundary(kType).value(), "b");
  EXPECT_EQ(form_boundary("Multipart/Form-Data ; charset=utf-8;BOUNDARY=\"a:b/c\"").value(),
            "a:b/c");
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=" + std::string(70, 'x')).value().size(),
            70U);
}

TEST(FormBoundary, WhatTwoCouldReadDifferentlyIsRefused) {
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=a; boundary=b"),
        std::string("multipart/form-data; boundary*=utf-8''a; boundary=a"),
        std::string("multipart/form-data; boundary=\"a\\b\""),
        std::string("multipart/form-data; boundary=\"a b\""),
        std::string("multipart/form-data; boundary=\"a"),
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    const auto boundary = form_boundary(type);
    ASSERT_FALSE(boundary.has_value()) << type;
    EXPECT_EQ(boundary.error().code, ErrorCode::kInvalidRequest) << type;
  }
  EXPECT_EQ(form_boundary("application/json").error().code, ErrorCode::kUnsupportedMediaType);
  EXPECT_EQ(form_boundary("multipart/form-data, boundary=a").error().code,
            ErrorCode::kUnsupportedMediaType);
  EXPECT_EQ(form_boundary("").error().code, ErrorCode::kUnsupportedMediaType);
}

TEST(Form, ReadsPartsAndWhereTheyStand) {
  const std::string body = kFile + kModel + kEnd;
  const auto parts = read_form(body, "b");
  ASSERT_TRUE(parts.has_value()) << parts.error().message;
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ(parts->at(0).name, "file");
  EXPECT_TRUE(parts->at(0).file);
  EXPECT_EQ(parts->at(0).content.in(body), std::string_view("\0\r\n--a\n", 7));
  EXPECT_EQ(parts->at(0).whole.in(body), kFile);
  EXPECT_EQ(parts->at(1).name, "model");
  EXPECT_FALSE(parts->at(1).file);
  EXPECT_EQ(parts->at(1).content.in(body), "acme/whisper");
  EXPECT_EQ(parts->at(1).whole.in(body), kModel);
}

TEST(Form, WhatTwoCouldReadDifferentlyIsRefused) {
  const std::string head = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n";
  for (const std::string& body :
       {std::string(), kEnd, "x" + kModel + kEnd, "\r\n" + kModel + kEnd, kModel, kModel + "--b",
        kModel + kEnd + "x", kModel + kEnd + kModel + kEnd, kModel + "--b-\r\n",
        kModel + "--b \r\n" + kEnd, "--b\n" + kModel.substr(5) + kEnd,
        // The boundary where it is none.
        part("name=a", "x\n--b\n") + kEnd, part("name=a", "--b") + kEnd,
        part("name=a", "--bc") + kEnd, part("name=\"--b\"") + kEnd,
        // Names.
        part("name=a; name=b") + kEnd, part(R"(name="mod\el")") + kEnd,
        part(R"(name="a%62")") + kEnd, part("name*=utf-8''model") + kEnd, part("name=\"\"") + kEnd,
        part("filename=a") + kEnd, part("name=\"mod\xC3\xA9l\"") + kEnd, part("name = a") + kEnd,
        part("name=a;") + kEnd, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" + kEnd,
        "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n" + kEnd,
        // Header lines.
        head + "Content-Disposition: form-data; name=b\r\n\r\nx\r\n" + kEnd,
        head + " folded\r\n\r\nx\r\n" + kEnd, head + "X: a\nb\r\n\r\nx\r\n" + kEnd,
        head + "X : a\r\n\r\nx\r\n" + kEnd, head + "X\r\n\r\nx\r\n" + kEnd,
        head + "Content-Transfer-Encoding: base64\r\n\r\nx\r\n" + kEnd,
        head + "X: " + std::string(kPartHeadBytesMax, 'x') + "\r\n\r\nx\r\n" + kEnd}) {
    const auto parts = read_form(body, "b");
    ASSERT_FALSE(parts.has_value()) << body;
    EXPECT_EQ(parts.error().code, ErrorCode::kInvalidRequest) << body;
  }
}

TEST(Form, HasNoMoreThanItsMostParts) {
  std::string body;
  for (std::size_t i = 0; i < kFormPartsMax; ++i) body += part("name=a");
  EXPECT_TRUE(read_form(body + kEnd, "b").has_value());
  EXPECT_FALSE(read_form(body + part("name=a") + kEnd, "b").has_value());
}

TEST(TranscriptionRequest, OnlyTheModelChangesAndTheRouteGoes) {
  const std::string body = part(R"(name="route")", R"({"region":"eu"})") + kFile + kModel +
                           part(R"(name="language")", "en") + kEnd;
  const auto request = read_transcription_request(body, kType);
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(request->model, "acme/whisper");
  EXPECT_EQ(request->route.region, "eu");
  EXPECT_EQ(upstream_body(*request, body, "w").text(),
            kFile + part(R"(name="model")", "w") + part(R"(name="language")", "en") + kEnd);
}

TEST(TranscriptionRequest, FieldsThatPolicyReadsStandOnce) {
  for (const char* name : {"model", "route", "stream", "response_format", "file"}) {
    const std::string twice = part("name=" + std::string(name), "{}");
    const auto request = read_transcription_request(kModel + kFile + twice + twice + kEnd, kType);
    ASSERT_FALSE(request.has_value()) << name;
    EXPECT_EQ(request.error().param, name);
  }
}

TEST(TranscriptionRequest, AFieldThatPolicyReadsHasNoOtherNameAndNoOtherCharset) {
  const auto refused = [](const std::string& more) {
    const auto request = read_transcription_request(more + kFile + kEnd, kType);
    return !request && request.error().code == ErrorCode::kInvalidRequest;
  };
  const auto typed = [](std::string_view type, std::string_view content = "acme/whisper") {
    return "--b\r\nContent-Disposition: form-data; name=model\r\nContent-Type: " +
           std::string(type) + "\r\n\r\n" + std::string(content) + "\r\n";
  };
  for (const char* name : {"model[]", "model[0]", "model.id", "stream[]", "file[]", "url[]",
                           "response_format[]", "route[region]", "_charset_"}) {
    EXPECT_TRUE(refused(kModel + part("name=\"" + std::string(name) + "\""))) << name;
  }
  EXPECT_FALSE(refused(kModel + part(R"(name="timestamp_granularities[]")", "word")));
  for (const char* type :
       {"text/plain; charset=utf-16le", "text/plain; charset=utf-7", "text/plain; charset=\"\"",
        "text/plain; charset=utf-8; charset=utf-16le", "text/plain; charset*=utf-8''utf-16le",
        "text/plain; charset", "text/plain\r\nContent-Type: text/plain; charset=utf-16le"}) {
    EXPECT_TRUE(refused(typed(type))) << type;
  }
  for (const char* type : {"text/plain", "text/plain; charset=UTF-8", "text/plain;charset=us-ascii",
                           "text/plain; charset=ISO-8859-1"}) {
    EXPECT_FALSE(refused(typed(type))) << type;
  }
  EXPECT_TRUE(refused(typed("text/plain; charset=ISO-8859-1", "acme/gr\xC3\xBC")));
}

TEST(TranscriptionRequest, ARecordingThatStandsElsewhereIsNoSecondLong) {
  const auto request =
      read_transcription_request(kModel + part("name=url", "https://a.example/b") + kEnd, kType);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->needs.units.audio_ms, 8'388'608);  // 32 MiB at 32 kbit/s
}

TEST(TranscriptionRequest, NeedsAModelThatIsNoFileAndARecording) {
  const auto code = [](const std::string& body) {
    return read_transcription_request(body + kEnd, kType).error().code;
  };
  EXPECT_EQ(code(kFile), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(kModel), ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(part(R"(name="model"; filename="m")", "acme/a") + kFile),
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(code(part("name=model", "a\r\nb") + kFile), ErrorCode::kInvalidModel);
}

TEST(TranscriptionRequest, TheRecordingIsNoTextAndItsLengthIsAGuess) {
  const std::string body = kModel + part("name=file; filename=a", std::string(8'000, 'x')) + kEnd;
  const auto request = read_transcription_request(body, kType);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->needs.text_bytes, static_cast<std::int64_t>(body.size()) - 8'000);
  EXPECT_EQ(request->needs.units.audio_ms, 2'000);  // 32 kbit/s
  EXPECT_EQ(request->needs.guessed_audio_input, 20);
  EXPECT_TRUE(request->needs.whole_window);
}

TEST(TranscriptionRequest, TheFormOfTheAnswerIsWhatWasAskedFor) {
  const auto form = [](std::string_view wanted) {
    return read_transcription_request(kModel + kFile + part("name=response_format", wanted) + kEnd,
                                      kType)
        ->form;
  };
  EXPECT_EQ(form("json"), AnswerForm::kJson);
  EXPECT_EQ(form("verbose_json"), AnswerForm::kJson);
  EXPECT_EQ(form("srt"), AnswerForm::kText);
}

}  // namespace
}  // namespace tollgate
