// Model ids and their aliases (SPEC §6 "Model ids"): how they are written, and which are ours.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate {

inline constexpr std::size_t kModelIdLengthMax = 200;

// The models that choose by themselves.
inline constexpr std::string_view kAuto = "tollgate/auto";
inline constexpr std::string_view kAutoCheap = "tollgate/auto-cheap";
inline constexpr std::string_view kAutoFast = "tollgate/auto-fast";
inline constexpr std::string_view kSandboxPrefix = "sandbox/";

// A public model id: creator/model, of [A-Za-z0-9._:/@+-], at most 200 characters.
bool well_formed_model_id(std::string_view id);

// How the ids of the built-in models begin: "sandbox/" or "tollgate/"; empty for any other id.
std::string_view reserved_prefix(std::string_view id);

// What is wrong with an id that somebody wants to give a model; nullopt: nothing.
std::optional<std::string> model_id_problem(std::string_view id);

// What is wrong with an alias, or with what it stands for, by itself; nullopt: nothing. An alias is
// of the characters of an id, without its slash if it likes; it may stand for a model's id or for
// one of tollgate/auto, -cheap, -fast.
std::optional<std::string> alias_problem(std::string_view alias);
std::optional<std::string> alias_target_problem(std::string_view target);

}  // namespace tollgate
