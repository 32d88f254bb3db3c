// Where a provider's requests may go (SPEC §7: clients never choose a destination; the operator
// does, and what is made over the API less freely than what stands in the file). Pure: the name is
// judged here when it is written down, the address that it resolves to by net/ at each connect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address_class.h"
#include "domain/offer.h"

namespace tollgate {

// The addresses that the provider's base URL may lead to: of one in the file private ones too; of
// one made over the API only if it may (`allow_private`) and its host is a literal address or a
// name of one's own network, so that no public name leads inside.
AddressScope scope_of(const Provider& provider);

// What is wrong with where the base URL leads, as far as it says by itself, as it follows the
// member's name; nullopt: nothing. REQUIRES: a base URL in its canonical spelling.
std::optional<std::string> destination_problem(const Provider& provider);

// localhost, one label alone, and the endings that are never delegated to anybody (RFC 6761, 6762,
// 8375; .internal, .lan and the like).
bool names_own_network(std::string_view host);

}  // namespace tollgate
