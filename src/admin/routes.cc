#include "admin/routes.h"

#include <array>

#include "admin/audit.h"
#include "admin/grants.h"
#include "admin/keys.h"
#include "admin/models.h"
#include "admin/providers.h"
#include "admin/usage.h"
#include "admin/workspaces.h"

namespace tollgate {

namespace {

// One row per route in each of the two, in the same order: the patterns are pure and tested alone.
constexpr std::array kRoutes = {
    RoutePattern{"GET", "/admin/v1/keys", Role::kViewer},
    RoutePattern{"POST", "/admin/v1/keys", Role::kMember},
    RoutePattern{"GET", "/admin/v1/keys/{id}", Role::kViewer},
    RoutePattern{"PATCH", "/admin/v1/keys/{id}", Role::kMember},
    RoutePattern{"DELETE", "/admin/v1/keys/{id}", Role::kMember},
    RoutePattern{"POST", "/admin/v1/keys/{id}/rotate", Role::kMember},
    RoutePattern{"GET", "/admin/v1/workspaces", Role::kViewer},
    RoutePattern{"POST", "/admin/v1/workspaces", Role::kOperator},
    RoutePattern{"GET", "/admin/v1/workspaces/{id}", Role::kViewer},
    RoutePattern{"PATCH", "/admin/v1/workspaces/{id}", Role::kOperator},
    RoutePattern{"GET", "/admin/v1/workspaces/{id}/grants", Role::kViewer},
    RoutePattern{"POST", "/admin/v1/workspaces/{id}/grants", Role::kOperator},
    RoutePattern{"POST", "/admin/v1/workspaces/{id}/test-clock", Role::kAdmin},
    RoutePattern{"GET", "/admin/v1/usage", Role::kViewer},
    RoutePattern{"GET", "/admin/v1/usage/{id}", Role::kViewer},
    RoutePattern{"GET", "/admin/v1/models", Role::kViewer},
    RoutePattern{"GET", "/admin/v1/providers", Role::kViewer},
    RoutePattern{"GET", "/admin/v1/audit", Role::kAdmin},
    RoutePattern{"GET", "/admin/v1/audit/verify", Role::kAdmin},
};
constexpr std::array<AdminHandler, kRoutes.size()> kHandlers = {
    list_keys,          create_key,       get_key,         update_key,
    revoke_key,         rotate_key,       list_workspaces, create_workspace,
    get_workspace,      update_workspace, list_grants,     create_grant,
    advance_test_clock, list_usage,       get_usage,       list_models,
    list_providers,     list_audit,       verify_audit,
};

}  // namespace

std::span<const RoutePattern> admin_routes() { return kRoutes; }

AdminHandler admin_handler(std::size_t index) { return kHandlers.at(index); }

}  // namespace tollgate
