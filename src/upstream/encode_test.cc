#include "upstream/encode.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

std::string path(CompletionKind kind, Dialect dialect) {
  Provider provider;
  provider.dialect = dialect;
  provider.api_version = "v";
  Offer offer;
  offer.upstream_model = "m";
  return upstream_path(kind, provider, offer);
}

TEST(UpstreamPath, IsTheRoutesOwn) {
  EXPECT_EQ(path(CompletionKind::kChat, Dialect::kOpenAi), "/chat/completions");
  EXPECT_EQ(path(CompletionKind::kText, Dialect::kOpenAi), "/completions");
  EXPECT_EQ(path(CompletionKind::kEmbeddings, Dialect::kOpenAi), "/embeddings");
  EXPECT_EQ(path(CompletionKind::kModerations, Dialect::kOpenAi), "/moderations");
  EXPECT_EQ(path(CompletionKind::kRerank, Dialect::kOpenAi), "/rerank");
  EXPECT_EQ(path(CompletionKind::kImages, Dialect::kOpenAi), "/images/generations");
  EXPECT_EQ(path(CompletionKind::kSpeech, Dialect::kOpenAi), "/audio/speech");
  EXPECT_EQ(path(CompletionKind::kTranscription, Dialect::kOpenAi), "/audio/transcriptions");
}

TEST(UpstreamPath, OfAzureNamesTheDeployment) {
  EXPECT_EQ(path(CompletionKind::kEmbeddings, Dialect::kAzureOpenAi),
            "/openai/deployments/m/embeddings?api-version=v");
  EXPECT_EQ(path(CompletionKind::kTranscription, Dialect::kAzureOpenAi),
            "/openai/deployments/m/audio/transcriptions?api-version=v");
}

}  // namespace
}  // namespace tollgate
