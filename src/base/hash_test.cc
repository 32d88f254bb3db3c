#include "base/hash.h"

#include <gtest/gtest.h>

namespace tollgate {
namespace {

// FIPS 180-2, appendix B.
TEST(Hash, Sha256GivesThePublishedDigests) {
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hash, Crc32GivesTheCheckValueOfIeee8023) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32(""), 0u);
}

TEST(Hash, HexGoesThereAndBackInEitherCase) {
  const Sha256 hash = sha256("there and back");
  std::string hex = to_hex(hash);
  EXPECT_EQ(sha256_from_hex(hex), hash);
  for (char& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(sha256_from_hex(hex), hash);
}

TEST(Hash, HexOfAnotherLengthOrWithAStrangeDigitIsRefused) {
  std::string hex = to_hex(sha256("x"));
  EXPECT_FALSE(sha256_from_hex(hex.substr(1)));
  EXPECT_FALSE(sha256_from_hex(hex + "0"));
  hex[10] = 'g';
  EXPECT_FALSE(sha256_from_hex(hex));
  EXPECT_FALSE(sha256_from_hex(""));
}

// The example of the SipHash paper, appendix A.
TEST(SipHash, AgreesWithItsPaper) {
  std::string message;
  for (char byte = 0; byte < 15; ++byte) message.push_back(byte);
  EXPECT_EQ(siphash(message, {0x0706050403020100u, 0x0f0e0d0c0b0a0908u}), 0xa129ca6149be45e5u);
}

}  // namespace
}  // namespace tollgate
