#include "domain/token.h"

#include <gtest/gtest.h>

#include <set>

namespace tollgate {
namespace {

constexpr TokenKind kKinds[] = {TokenKind::kProduction, TokenKind::kSandbox,
                                TokenKind::kManagement};
constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

TokenFormat format_of(std::string prefix) { return TokenFormat::create(std::move(prefix)).value(); }

std::string minted(const TokenFormat& format, TokenKind kind, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  return std::string(format.mint(kind, random).expose());
}

TEST(Token, TheKindShowsInItsPrefix) {
  const TokenFormat format = TokenFormat::standard();
  EXPECT_EQ(format.prefix_of(TokenKind::kProduction), "sk-tg-");
  EXPECT_EQ(format.prefix_of(TokenKind::kSandbox), "sk-tg-test-");
  EXPECT_EQ(format.prefix_of(TokenKind::kManagement), "sk-tg-admin-");
  for (const TokenKind kind : kKinds) {
    EXPECT_TRUE(minted(format, kind).starts_with(format.prefix_of(kind)));
  }
}

TEST(Token, Is48CharactersWithEveryPrefixAndKind) {
  for (const char* prefix : {"sk-tg-", "sk-", "lr-sk-", "sk-routor-", "k", "thirteen_char"}) {
    const TokenFormat format = format_of(prefix);
    for (const TokenKind kind : kKinds) {
      const std::string token = minted(format, kind);
      EXPECT_EQ(token.size(), 48u) << prefix;
      const std::size_t random_part = format.prefix_of(kind).size();
      EXPECT_EQ(token.find_first_not_of(kBase62, random_part), std::string::npos) << prefix;
      EXPECT_TRUE(format.plausible(token)) << prefix;
    }
  }
}

TEST(Token, EndsInTheBase62Crc32OfAllBeforeIt) {
  const std::string token = minted(TokenFormat::standard(), TokenKind::kProduction);
  std::uint64_t value = 0;
  for (const char c : token.substr(42)) value = value * 62 + kBase62.find(c);
  EXPECT_EQ(value, crc32(token.substr(0, 42)));
}

TEST(Token, RejectsTokenWhoseChecksumDiffersByOneCharacter) {
  const TokenFormat format = TokenFormat::standard();
  for (const TokenKind kind : kKinds) {
    const std::string token = minted(format, kind);
    for (std::size_t i = format.prefix().size(); i < token.size(); ++i) {
      std::string wrong = token;
      wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(format.plausible(wrong)) << i;
    }
  }
}

TEST(Token, ATokenOfAnotherPrefixOrLengthIsLeftToTheLookUp) {
  const TokenFormat format = TokenFormat::standard();
  const std::string token = minted(format, TokenKind::kProduction);
  EXPECT_TRUE(format.plausible(token.substr(0, 47)));
  EXPECT_TRUE(format.plausible(token + "x"));
  EXPECT_TRUE(format.plausible("sk-tg-"));
  EXPECT_TRUE(format.plausible(std::string(48, 'x')));
  EXPECT_TRUE(format.plausible("imported-key"));
}

TEST(Token, ATokenOfAnEarlierPrefixStaysPlausible) {
  for (const char* now : {"sk-", "lr-sk-", "sk-tg-"}) {
    for (const char* earlier : {"sk-", "lr-sk-", "sk-tg-", "sk-routor-"}) {
      for (const TokenKind kind : kKinds) {
        EXPECT_TRUE(format_of(now).plausible(minted(format_of(earlier), kind)))
            << earlier << " under " << now;
      }
    }
  }
}

TEST(Token, RefusesWhatNoTokenCanBe) {
  const TokenFormat format = TokenFormat::standard();
  EXPECT_FALSE(format.plausible(""));
  EXPECT_TRUE(format.plausible(std::string(512, 'x')));
  EXPECT_FALSE(format.plausible(std::string(513, 'x')));
  for (const char c : {' ', '\t', '\n', '\0', '\x7f', '\x80', '\xff'}) {
    EXPECT_FALSE(format.plausible(std::string("ab") + c + "cd"));
  }
}

TEST(Token, MintingNeverRepeatsItself) {
  SystemRandom random;
  const TokenFormat format = TokenFormat::standard();
  std::set<std::string> tokens;
  for (int i = 0; i < 1'000; ++i) {
    tokens.emplace(format.mint(TokenKind::kProduction, random).expose());
  }
  EXPECT_EQ(tokens.size(), 1'000u);
}

TEST(TokenFormat, TakesEveryDocumentedPrefix) {
  for (const char* prefix : {"sk-tg-", "sk-routor-", "lr-sk-", "sk-"}) {
    EXPECT_TRUE(TokenFormat::create(prefix)) << prefix;
  }
}

TEST(TokenFormat, RefusesAPrefixThatLeavesTooFewHiddenBitsForAnyKind) {
  EXPECT_TRUE(TokenFormat::create(std::string(13, 'p')));   // 23 hidden characters for P"admin-"
  EXPECT_FALSE(TokenFormat::create(std::string(14, 'p')));  // 22 for P"admin-", though 24 for P
  EXPECT_FALSE(TokenFormat::create(std::string(24, 'p')));
}

TEST(TokenFormat, RefusesPrefixesOfOtherCharactersOrLengths) {
  for (const char* prefix : {"", "sk tg", "sk.", "sk:", "schlüssel-", "sk/"}) {
    const auto format = TokenFormat::create(prefix);
    ASSERT_FALSE(format) << prefix;
    EXPECT_EQ(format.error().code, ErrorCode::kInvalidRequest);
  }
  EXPECT_FALSE(TokenFormat::create(std::string(25, 'p')));
  EXPECT_FALSE(TokenFormat::create(std::string(60, 'p')));
}

TEST(TokenFormat, FindsTokensOfTheCurrentTheDefaultAndAnEarlierPrefix) {
  const TokenFormat format = format_of("lr-sk-");
  for (const char* prefix : {"lr-sk-", "sk-tg-", "sk-routor-"}) {
    for (const TokenKind kind : kKinds) {
      const std::string token = minted(format_of(prefix), kind);
      EXPECT_TRUE(format.looks_like_token(token));
      EXPECT_FALSE(format.looks_like_token(token.substr(1)));
      EXPECT_FALSE(format.looks_like_token(token + "x"));
    }
  }
  std::string mistyped = minted(format, TokenKind::kProduction);
  mistyped.back() = mistyped.back() == 'A' ? 'B' : 'A';
  EXPECT_TRUE(format.looks_like_token(mistyped));
  EXPECT_FALSE(format.looks_like_token(""));
  EXPECT_FALSE(format.looks_like_token(std::string(48, 'a')));
}

TEST(TokenPreview, IsTheFirst18CharactersAndTheLastFour) {
  const std::string token = minted(TokenFormat::standard(), TokenKind::kProduction);
  EXPECT_EQ(token_preview(token), token.substr(0, 18) + "...");
  EXPECT_EQ(token_last4(token), token.substr(44));
}

TEST(TokenPreview, OfAShortTokenShowsOnlyASmallPart) {
  EXPECT_EQ(token_preview(std::string(16, 'x')), "xxxxxx...");
  EXPECT_EQ(token_preview(""), "...");
  EXPECT_EQ(token_last4(std::string(15, 'x')), "");
  EXPECT_EQ(token_last4(std::string(12, 'x') + "wxyz"), "wxyz");
}

TEST(TokenHash, CoversEveryCharacterOfTheToken) {
  const std::string token = minted(TokenFormat::standard(), TokenKind::kProduction);
  EXPECT_EQ(token_hash(token), sha256(token));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string other = token;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(token_hash(other), token_hash(token));
  }
}

}  // namespace
}  // namespace tollgate
