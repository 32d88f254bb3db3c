#include "admin/routes.h"

#include <algorithm>
#include <array>

#include "admin/aliases.h"
#include "admin/audit.h"
#include "admin/catalogue_import.h"
#include "admin/events.h"
#include "admin/explain.h"
#include "admin/grants.h"
#include "admin/keys.h"
#include "admin/members.h"
#include "admin/models.h"
#include "admin/offers.h"
#include "admin/oidc_sign_in.h"
#include "admin/overview.h"
#include "admin/password_resets.h"
#include "admin/profiles.h"
#include "admin/providers.h"
#include "admin/sign_in.h"
#include "admin/usage.h"
#include "admin/workspaces.h"

namespace tollgate {

namespace {

struct AdminRoute {
  RoutePattern pattern;
  AdminHandler handler;
};

constexpr std::array kTable = {
    AdminRoute{{"GET", "/admin/v1/keys", Role::kViewer}, list_keys},
    AdminRoute{{"POST", "/admin/v1/keys", Role::kMember}, create_key},
    AdminRoute{{"GET", "/admin/v1/key-counts", Role::kViewer}, count_keys},
    AdminRoute{{"GET", "/admin/v1/keys/{id}", Role::kViewer}, get_key},
    AdminRoute{{"PATCH", "/admin/v1/keys/{id}", Role::kMember}, update_key},
    AdminRoute{{"DELETE", "/admin/v1/keys/{id}", Role::kMember}, revoke_key},
    AdminRoute{{"POST", "/admin/v1/keys/{id}/rotate", Role::kMember}, rotate_key},
    AdminRoute{{"POST", "/admin/v1/keys/{id}/secrets", Role::kMember}, mint_key_secret},
    AdminRoute{{"GET", "/admin/v1/workspaces", Role::kViewer}, list_workspaces},
    AdminRoute{{"POST", "/admin/v1/workspaces", Role::kOperator}, create_workspace},
    AdminRoute{{"GET", "/admin/v1/workspaces/{id}", Role::kViewer}, get_workspace},
    AdminRoute{{"PATCH", "/admin/v1/workspaces/{id}", Role::kOperator}, update_workspace},
    AdminRoute{{"GET", "/admin/v1/workspaces/{id}/grants", Role::kViewer}, list_grants},
    AdminRoute{{"POST", "/admin/v1/workspaces/{id}/grants", Role::kOperator}, create_grant},
    AdminRoute{{"POST", "/admin/v1/workspaces/{id}/test-clock", Role::kAdmin}, advance_test_clock},
    AdminRoute{{"GET", "/admin/v1/usage", Role::kViewer}, list_usage},
    AdminRoute{{"GET", "/admin/v1/usage/{id}", Role::kViewer}, get_usage},
    AdminRoute{{"POST", "/admin/v1/route/explain", Role::kViewer}, explain_request},
    AdminRoute{{"GET", "/admin/v1/models", Role::kViewer}, list_models},
    AdminRoute{{"POST", "/admin/v1/models/import", Role::kOperator}, import_models},
    AdminRoute{{"GET", "/admin/v1/models/{id}", Role::kViewer}, get_model},
    AdminRoute{{"PUT", "/admin/v1/models/{id}", Role::kOperator}, replace_facts},
    AdminRoute{{"PATCH", "/admin/v1/models/{id}", Role::kOperator}, update_facts},
    AdminRoute{{"DELETE", "/admin/v1/models/{id}", Role::kOperator}, remove_facts},
    AdminRoute{{"PUT", "/admin/v1/models/{id}/offers", Role::kOperator}, put_offer},
    AdminRoute{{"DELETE", "/admin/v1/models/{id}/offers", Role::kOperator}, remove_offer},
    AdminRoute{{"GET", "/admin/v1/providers", Role::kViewer}, list_providers},
    AdminRoute{{"POST", "/admin/v1/providers", Role::kOperator}, create_provider},
    AdminRoute{{"GET", "/admin/v1/providers/{id}", Role::kViewer}, get_provider},
    AdminRoute{{"PATCH", "/admin/v1/providers/{id}", Role::kOperator}, update_provider},
    AdminRoute{{"DELETE", "/admin/v1/providers/{id}", Role::kOperator}, remove_provider},
    AdminRoute{{"POST", "/admin/v1/providers/{id}/test", Role::kOperator}, test_provider},
    AdminRoute{{"GET", "/admin/v1/aliases", Role::kViewer}, list_aliases},
    AdminRoute{{"PUT", "/admin/v1/aliases/{id}", Role::kOperator}, put_alias},
    AdminRoute{{"DELETE", "/admin/v1/aliases/{id}", Role::kOperator}, remove_alias},
    AdminRoute{{"GET", "/admin/v1/profiles", Role::kViewer}, list_profiles},
    AdminRoute{{"POST", "/admin/v1/profiles", Role::kAdmin}, create_profile},
    AdminRoute{{"GET", "/admin/v1/profiles/{id}", Role::kViewer}, get_profile},
    AdminRoute{{"PATCH", "/admin/v1/profiles/{id}", Role::kAdmin}, update_profile},
    AdminRoute{{"DELETE", "/admin/v1/profiles/{id}", Role::kAdmin}, remove_profile},
    AdminRoute{{"GET", "/admin/v1/audit", Role::kAdmin}, list_audit},
    AdminRoute{{"GET", "/admin/v1/audit/verify", Role::kAdmin}, verify_audit},
    AdminRoute{{"GET", "/admin/v1/overview", Role::kViewer}, show_overview},
    AdminRoute{{"GET", "/admin/v1/keys/{id}/overview", Role::kViewer}, show_key_overview},
    AdminRoute{{"GET", kEventsPath, Role::kViewer}, watch_events},
    AdminRoute{{"GET", "/admin/v1/sign-in", Role::kViewer, Door::kAnybody}, show_sign_in},
    AdminRoute{{"POST", "/admin/v1/setup", Role::kViewer, Door::kAnybody}, set_up},
    AdminRoute{{"POST", "/admin/v1/session", Role::kViewer, Door::kAnybody}, sign_in},
    AdminRoute{{"GET", "/admin/v1/session", Role::kViewer, Door::kPerson}, show_session},
    AdminRoute{{"DELETE", "/admin/v1/session", Role::kViewer, Door::kPerson}, sign_out},
    AdminRoute{{"POST", "/admin/v1/session/password", Role::kViewer, Door::kPerson},
               change_password},
    AdminRoute{{"GET", "/admin/v1/session/oidc", Role::kViewer, Door::kPerson}, show_oidc_link},
    AdminRoute{{"POST", "/admin/v1/session/oidc", Role::kViewer, Door::kPerson}, begin_oidc_link},
    AdminRoute{{"DELETE", "/admin/v1/session/oidc", Role::kViewer, Door::kPerson},
               remove_oidc_link},
    AdminRoute{{"GET", "/admin/v1/oidc/start", Role::kViewer, Door::kAnybody}, start_oidc},
    AdminRoute{{"GET", "/admin/v1/oidc/callback", Role::kViewer, Door::kAnybody}, finish_oidc},
    AdminRoute{{"GET", "/admin/v1/sessions", Role::kViewer, Door::kPerson}, list_sessions},
    AdminRoute{{"DELETE", "/admin/v1/sessions/{id}", Role::kViewer, Door::kPerson}, end_session},
    AdminRoute{{"GET", "/admin/v1/members", Role::kViewer}, list_members},
    AdminRoute{{"PATCH", "/admin/v1/members/{id}", Role::kAdmin}, update_member},
    AdminRoute{{"DELETE", "/admin/v1/members/{id}", Role::kAdmin}, remove_member},
    AdminRoute{{"POST", "/admin/v1/members/{id}/password-reset", Role::kAdmin}, reset_member},
    AdminRoute{{"POST", "/admin/v1/people/{id}/password-reset", Role::kOperator}, reset_person},
    AdminRoute{{"POST", "/admin/v1/password-reset", Role::kViewer, Door::kAnybody}, use_reset},
    AdminRoute{{"GET", "/admin/v1/people", Role::kOperator}, list_people},
    AdminRoute{{"DELETE", "/admin/v1/people/{id}", Role::kOperator}, remove_person},
    AdminRoute{{"GET", "/admin/v1/invitations", Role::kAdmin}, list_invitations},
    AdminRoute{{"POST", "/admin/v1/invitations", Role::kAdmin}, create_invitation},
    AdminRoute{{"GET", "/admin/v1/invitations/lookup", Role::kViewer, Door::kAnybody},
               look_up_invitation},
    AdminRoute{{"POST", "/admin/v1/invitations/accept", Role::kViewer, Door::kAnybody},
               accept_invitation},
    AdminRoute{{"DELETE", "/admin/v1/invitations/{id}", Role::kAdmin}, revoke_invitation},
};

// The patterns alone, which are pure and matched so.
constexpr auto kPatterns = [] {
  std::array<RoutePattern, kTable.size()> patterns;
  std::ranges::transform(kTable, patterns.begin(), &AdminRoute::pattern);
  return patterns;
}();

}  // namespace

std::span<const RoutePattern> admin_routes() { return kPatterns; }

AdminHandler admin_handler(std::size_t index) { return kTable.at(index).handler; }

}  // namespace tollgate
