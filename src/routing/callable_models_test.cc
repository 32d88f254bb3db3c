#include "routing/callable_models.h"

#include <gtest/gtest.h>

#include <string>

#include "routing/test_catalogue.h"

namespace tollgate {
namespace {

class CallableModels : public ChoiceTest {
 protected:
  CallableModels() {
    add({.model = "a/large"});
    add({.model = "a/small"});
    add({.model = "b/small"});
    catalogue_.aliases = {{"house", "a/large"}, {"auto", "tollgate/auto"}, {"gone", "c/none"}};
  }

  std::string ids(Environment environment = Environment::kProduction) {
    std::string out;
    for (const CallableModel& one : callable_models(*snapshot(), by(environment))) {
      out += (out.empty() ? "" : " ") + std::string(one.id);
    }
    return out;
  }
  CallableBy by(Environment environment) {
    return {.models = allow_list_,
            .environment = environment,
            .profile = profile_.name.empty() ? nullptr : &profile_};
  }
};

TEST_F(CallableModels, AreTheOrdinaryOnesThenThoseThatChooseThenAliases) {
  EXPECT_EQ(ids(),
            "a/large a/small b/small tollgate/auto tollgate/auto-cheap tollgate/auto-fast auto "
            "house");
}

TEST_F(CallableModels, OfASandboxKeyAreTheSandboxsToo) {
  EXPECT_TRUE(ids(Environment::kSandbox).starts_with("a/large a/small b/small sandbox/echo "));
}

TEST_F(CallableModels, AreNoMoreThanTheAllowListLets) {
  allow_list_ = {"a/small", "sandbox/lorem"};
  EXPECT_EQ(ids(), "a/small tollgate/auto tollgate/auto-cheap tollgate/auto-fast auto");
  allow_list_ = {"sandbox/lorem"};
  EXPECT_EQ(ids(), "");
  EXPECT_EQ(ids(Environment::kSandbox), "sandbox/lorem");
}

TEST_F(CallableModels, OfAProfileThatIgnoresTheModelAreWhatItChoosesAmong) {
  profile_.name = "support";
  profile_.models = {"a/*"};
  EXPECT_EQ(ids(), "a/large a/small");
  profile_.honor_model = true;
  EXPECT_EQ(ids(),
            "a/large a/small tollgate/auto tollgate/auto-cheap tollgate/auto-fast auto house");
}

TEST_F(CallableModels, AnAliasNamesItsModel) {
  const auto all = callable_models(*snapshot(), by(Environment::kProduction));
  EXPECT_EQ(all.back().id, "house");
  EXPECT_EQ(all.back().alias_of, "a/large");
  EXPECT_EQ(all.back().model, snapshot()->find("a/large"));
  EXPECT_EQ(all.front().alias_of, "");
}

}  // namespace
}  // namespace tollgate
