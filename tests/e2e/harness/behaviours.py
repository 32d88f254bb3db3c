"""What five public systems document of their keys, in our words, and the tests that show it of Tollgate: the
second half of docs/compatibility.md. A test is FILE::NAME below tests/e2e, or PATH::SUITE.NAME below src."""

NOT_YET = "not yet: "
NAME_ALONE = "test_behaviours.py::test_name_is_all_that_a_new_key_needs_and_the_list_tells_it"
RESETS = "test_behaviours.py::test_cost_and_tokens_start_again_with_their_window"
A_MINUTE = "test_behaviours.py::test_requests_a_minute_are_counted_whatever_the_reset_period_is"
DASHBOARD = NOT_YET + "the dashboard"
RULES = "test_profiles_api.py::test_rules_hold_for_requests_of_the_profiles_key"
WITH_KEY = "test_profiles_api.py::test_profile_comes_with_its_key_whose_secret_is_shown_once"
KEYLESS = "test_profiles_api.py::test_key_that_is_revoked_leaves_its_profile_without_one"
ANEW = "test_profiles_api.py::test_only_making_the_profile_anew_gives_another_key"
ALIASES = "test_catalogue.py::test_aliases_of_other_systems_are_settings"

KEYS_ON_SDKS = "test_sdk_matrix.py::test_sdk_works_with_provider"
CREATE = "test_keys.py::test_created_key_shows_its_secret_this_once"
REVOKE = "test_keys.py::test_revoked_during_a_stream_the_stream_finishes_and_the_next_request_is_refused"
TOGGLE = "test_keys.py::test_toggle_holds_from_the_next_request_on_the_same_connection"
ROTATE = "test_keys.py::test_rotation_with_grace_keeps_both_secrets_and_counts_them_apart"
PREFIX = "test_behaviours.py::test_prefix_is_a_setting_and_keys_of_an_earlier_one_go_on_working"
HEADERS = "test_sdk_refusals.py::test_key_goes_in_either_header"
PATHS = "test_sdk_refusals.py::test_sdk_works_under_each_path"
USAGE = "test_admin_api.py::test_usage_is_shown_by_row_by_key_and_as_csv"
FIGURES = "test_limits_answers.py::test_refusal_names_the_limit_with_all_its_figures"
EXPIRY = "test_keys.py::test_key_expires_at_its_time"
COUNTS = "test_keys.py::test_counts_tell_requests_and_errors_refusals_included"
PIN = "test_provider.py::test_key_pinned_to_a_region_is_served_there_or_not_at_all"
NAMED = "test_behaviours.py::test_usage_shows_the_keys_name_and_is_found_by_it"
MANY = "test_behaviours.py::test_many_keys_share_one_balance_and_keep_limits_of_their_own"
VENDOR = "test_behaviours.py::test_another_vendors_key_is_refused"
HASHED = "soak/test_secrets.py::test_no_minted_secret_is_found_anywhere"

SYSTEMS = {
    "Routor": [
        ("a name is all that a new key needs", [NAME_ALONE]),
        ("as many keys as there are apps, environments and members", [MANY]),
        ("its prefix, by a setting", [PREFIX]),
        ("the secret is shown once", [CREATE]),
        ("…with a warning that it will not be again", [DASHBOARD]),
        ("stored as a hash that gives nothing back", ["src/domain/token_test.cc::TokenHash.CoversEveryCharacterOfTheToken",
                                                      HASHED]),
        ("Bearer, and OpenAI's SDK with a base URL that ends in `/v1`", [HEADERS, KEYS_ON_SDKS]),
        ("the list tells name, 18 characters and `...`, when it was made, its type", [
            NAME_ALONE, "src/domain/token_test.cc::TokenPreview.IsTheFirst18CharactersAndTheLastFour"]),
        ("…as columns of a page, with a button to delete", [DASHBOARD]),
        ("deleted at once and for good; 401 from then on", [REVOKE, "test_errors.py::test_revoked_key_is_401_expired"]),
        ("a profile brings its key, with its rules in it", [WITH_KEY, RULES]),
        ("a profile whose key was deleted has none until it is made anew", [KEYLESS, ANEW]),
        ("rules of a profile: floor and ceiling of tiers, capability caps, a cap on the cost of a request",
         ["src/routing/profile_choice_test.cc::ProfileChoice.ATierIsRaisedToTheFloor",
          "src/routing/profile_choice_test.cc::ProfileChoice.ATierIsLoweredToTheCeiling",
          "src/routing/profile_choice_test.cc::ProfileChoice.WhatTheProfileMayNotUseIsRefusedByName",
          "src/routing/profile_choice_test.cc::ProfileChoice.ACostCapLeavesOutWhatMayCostMore", RULES]),
        ("`/v1/messages` beside `/v1/chat/completions`", [KEYS_ON_SDKS]),
    ],
    "LowRouter": [
        ("its prefix, by a setting; 48 characters", [PREFIX]),
        ("a name; models as a list, a region, a limit by the day in credits", [
            "test_errors.py::test_wildcard_allows_what_it_covers", PIN,
            "src/admin/limit_request_test.cc::LimitRequestTest.CreditsAreTakenAtTheOperatorsValueExactly"]),
        ("a limit by the month, an expiry, a toggle", [RESETS, EXPIRY, TOGGLE]),
        ("a preference for low carbon", [
            "src/routing/auto_choice_test.cc::AutoChoice.LowCarbonOutweighsASmallDifferenceOfPriceWherePreferred"]),
        ("shown once; then by its beginning and the last four", [CREATE]),
        ("the usage history names the key, so that the right one is rotated", [NAMED]),
        ("`POST /api/v1/chat/completions`", [PATHS]),
        ("`lowrouter/auto` as an alias", [ALIASES]),
        ("exactly `Bearer ` and the token", ["test_errors.py::test_malformed_authorization_is_401"]),
        ("rotation by a second key; or by one key with a grace", [ROTATE, MANY]),
        ("a deletion or an edit holds for the next request", [
            REVOKE, "test_keys.py::test_update_holds_from_the_next_request"]),
        ("the keys of an account share its credits", [MANY]),
        ("a pinned region without a provider is 503, and no other region serves", [PIN]),
        ("the balance in a header of each answer", ["test_limits_answers.py::test_credit_balance_is_told_in_credits"]),
        ("usage that nobody expected is seen", [USAGE]),
        ("a reminder to rotate after 90 days", [NOT_YET + "the reminder"]),
    ],
    "orq.ai AI Router": [
        ("a name of its own", ["test_keys.py::test_name_in_use_is_409"]),
        ("an expiry, if wanted", [EXPIRY]),
        ("a limit of cost in USD", ["test_limits_exact.py::test_exactly_ten_of_many_at_once_reach_the_provider"]),
        ("a limit of tokens", ["test_limits_exact.py::test_several_limits_hold_together_at_once"]),
        ("requests a minute over a rolling 60 s, whatever the reset period is", [
            "test_limits_answers.py::test_rolling_window_says_when_to_come_back", A_MINUTE]),
        ("cost and tokens start again by the day, the week, the month", [RESETS]),
        ("any limit that is reached is 429", [
            "test_sdk_refusals.py::test_limit_that_is_reached_is_a_rate_limit_error", FIGURES]),
        ("off and on at any time", [TOGGLE]),
        ("deleted for good", ["test_admin_api.py::test_revoked_key_is_409_for_every_change"]),
        ("consumption beside its limits, key by key", [
            "test_limits_answers.py::test_own_view_shows_settled_and_held_apart",
            "test_limits_answers.py::test_limit_counts_equal_its_rows"]),
        ("…as a page", [DASHBOARD]),
        ("keys of administrators", ["test_admin_api.py::test_admin_manages_every_key"]),
        ("usage by key", [USAGE]),
        ("keys by environment, purpose or member", [
            MANY, "test_limits_changes.py::test_workspace_counts_each_environment_apart"]),
    ],
    "Routic": [
        ("its prefix, by a setting; 48 characters", [
            PREFIX, "src/domain/token_test.cc::Token.Is48CharactersWithEveryPrefixAndKind"]),
        ("Bearer", [HEADERS]),
        ("never in the URL", ["test_errors.py::test_key_in_the_url_is_400_even_beside_a_good_header"]),
        ("HTTPS only", ["test_errors.py::test_client_without_https_is_403"]),
        ("401 `missing_api_key` without a header", ["test_sdk_refusals.py::test_missing_key_is_an_authentication_error"]),
        ("401 `invalid_api_key` for what is malformed or unknown, `expired_api_key` for what expired or was revoked", [
            "test_sdk_refusals.py::test_refused_key_is_the_right_exception", EXPIRY]),
        ("another vendor's key is refused", [VENDOR]),
        ("shown once", [CREATE]),
        ("several keys, each with a name", [MANY]),
        ("revoked at once: what runs finishes, what is new is refused", [REVOKE]),
        ("one balance for the keys of an account, and limits of each one's own", [MANY]),
        ("the log of usage shows calls that nobody should have made", [USAGE]),
        ("`auto/chat` as an alias", [ALIASES]),
        ("the caller's `X-Request-Id` comes back", ["test_errors.py::test_request_id_of_the_caller_is_sent_back"]),
    ],
    "ROOTKey": [
        ("the header `x-api-key`", [HEADERS]),
        ("a name, and a description and an icon, if wanted", [
            "test_behaviours.py::test_description_and_icon_are_kept"]),
        ("an empty state with a button", [DASHBOARD]),
        ("shown once, and gone when the dialog closes", [CREATE, DASHBOARD]),
        ("the list tells the status and counts requests", [NAME_ALONE, COUNTS]),
        ("active integrations, requests and rate of success of them all", [DASHBOARD]),
        ("requests and rate of errors of a key", [COUNTS, "test_admin_api.py::test_totals_are_the_sums_of_the_rows"]),
        ("a key for each integration", [MANY]),
        ("keys of the sandbox and of production under one base URL", [
            "test_keys.py::test_tokens_tell_their_environment_and_type",
            "test_errors.py::test_production_key_never_calls_the_sandbox"]),
        ("rotation without a moment off", [ROTATE]),
    ],
}
