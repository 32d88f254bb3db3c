// The routes. Each page is a chunk of its own; what a page filters by stands in the URL.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Outlet,
  redirect,
  retainSearchParams,
  useRouter,
} from "@tanstack/react-router";

import { Problem } from "@/api/client";
import { type Refusal, refusalFrom } from "@/lib/refusals";
import { auditSearch, keySearch, keysSearch, objectSearch, rangeSearch, rootSearch, safeReturn, usageSearch } from "@/lib/search";
import { ProblemNote } from "@/ui/notice";

import { type Asked, ASKED } from "./asked";
import { NotFound } from "./not_found";
import { pageChunk } from "./page_chunk";
import { queryClient } from "./query_client";
import { sessionQuery, signInQuery } from "./session";
import { PageFailed, Shell } from "./shell";

interface Context {
  queryClient: QueryClient;
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  validateSearch: rootSearch,
  search: { middlewares: [retainSearchParams(["workspace"])] },
  notFoundComponent: NotFound,
});

// Why the OpenID provider's answer did not do.
const refusedSearch = (raw: Record<string, unknown>) => ({ refused: refusalFrom(raw["refused"]) }) as { refused?: Refusal };

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw: Record<string, unknown>): { next?: string; refused?: Refusal } => {
    const next = safeReturn(raw["next"]);
    return { ...refusedSearch(raw), next: next === "/" ? undefined : next } as { next?: string; refused?: Refusal };
  },
  component: pageChunk(() => import("@/pages/entry/sign_in_page"), "SignInPage"),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: pageChunk(() => import("@/pages/entry/setup_page"), "SetupPage"),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite",
  component: pageChunk(() => import("@/pages/entry/invite_page"), "InvitePage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: pageChunk(() => import("@/pages/entry/reset_page"), "ResetPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  validateSearch: (raw: Record<string, unknown>) => ({ do: ASKED.find((one) => one === raw["do"]) }) as { do?: Asked },
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session) return;
    const options = await context.queryClient.fetchQuery(signInQuery);
    if (options.setup_required) throw redirect({ to: "/setup" });
    throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: rangeSearch,
  component: pageChunk(() => import("@/pages/overview/overview_page"), "OverviewPage"),
});
const keys = createRoute({
  getParentRoute: () => shell,
  path: "/keys",
  validateSearch: keysSearch,
  component: pageChunk(() => import("@/pages/keys/keys_page"), "KeysPage"),
});
const key = createRoute({
  getParentRoute: () => shell,
  path: "/keys/$id",
  validateSearch: keySearch,
  component: pageChunk(() => import("@/pages/keys/key_page"), "KeyPage"),
});
const usage = createRoute({
  getParentRoute: () => shell,
  path: "/usage",
  validateSearch: usageSearch,
  component: pageChunk(() => import("@/pages/usage/usage_page"), "UsagePage"),
});
const models = createRoute({
  getParentRoute: () => shell,
  path: "/models",
  validateSearch: objectSearch,
  component: pageChunk(() => import("@/pages/models/models_page"), "ModelsPage"),
});
const providers = createRoute({
  getParentRoute: () => shell,
  path: "/providers",
  component: pageChunk(() => import("@/pages/providers/providers_page"), "ProvidersPage"),
});
const profiles = createRoute({
  getParentRoute: () => shell,
  path: "/profiles",
  validateSearch: objectSearch,
  component: pageChunk(() => import("@/pages/profiles/profiles_page"), "ProfilesPage"),
});
const credits = createRoute({
  getParentRoute: () => shell,
  path: "/credits",
  component: pageChunk(() => import("@/pages/credits/credits_page"), "CreditsPage"),
});
const playground = createRoute({
  getParentRoute: () => shell,
  path: "/playground",
  component: pageChunk(() => import("@/pages/playground/playground_page"), "PlaygroundPage"),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: auditSearch,
  component: pageChunk(() => import("@/pages/audit/audit_page"), "AuditPage"),
});
const members = createRoute({
  getParentRoute: () => shell,
  path: "/members",
  component: pageChunk(() => import("@/pages/members/members_page"), "MembersPage"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: refusedSearch,
  component: pageChunk(() => import("@/pages/settings/settings_page"), "SettingsPage"),
});

function Failed({ error, reset }: ErrorComponentProps) {
  const again = useRouter();
  if (!(error instanceof Problem)) return <PageFailed reset={reset} />;
  return (
    <div className="mx-auto max-w-xl p-8">
      <ProblemNote error={error} retry={() => void again.invalidate().then(reset)} />
    </div>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([signIn, setup, invite, reset, shell.addChildren([overview, keys, key, usage, models, providers, profiles, credits, playground, audit, members, settings])]),
  context: { queryClient },
  defaultPreload: "intent",
  // Of the page alone where it is one inside the frame.
  defaultErrorComponent: Failed,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface HistoryState {
    fresh?: string; // the key that was just made
    beside?: true; // something was opened beside the list of the entry before
  }
}
