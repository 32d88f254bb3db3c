// Who is signed in, which workspace they look at, and what they may do there.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useRef } from "react";

import { Problem, send, setCsrfToken } from "@/api/client";
import type { Role, Session, SignInOptions } from "@/api/contract";
import { isShownOnce, whenNothingIsShownOnce } from "@/lib/shown_once";

// Somebody else may have signed in, or the role have changed, while another window was looked at: coming back asks.
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: 60_000,
  refetchOnWindowFocus: "always",
  retry: (count, error) => !(error instanceof Problem && error.status > 0) && count < 2,
  queryFn: async ({ client, queryKey }): Promise<Session | null> => {
    const before = client.getQueryData<Session | null>(queryKey) ?? null;
    const now = await readSession();
    if (before && isShownOnce()) {
      whenNothingIsShownOnce(() => void client.invalidateQueries({ queryKey, exact: true }));
      return before;
    }
    setCsrfToken(now?.csrf_token ?? null);
    if (before && now && before.person.id !== now.person.id) void client.resetQueries({ predicate: (query) => query.queryKey[0] !== queryKey[0] });
    return now;
  },
});

async function readSession(): Promise<Session | null> {
  try {
    return await send<Session>("GET", "/admin/v1/session");
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

export const signInQuery = queryOptions({
  queryKey: ["sign-in"],
  queryFn: () => send<SignInOptions>("GET", "/admin/v1/sign-in"),
});

// Where it has just ended, what it was: the shell leads to the door before anything more is asked in its name.
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  const latest = useRef(data);
  if (data) latest.current = data;
  if (!latest.current) throw new Error("a page inside the shell was drawn without a session");
  return latest.current;
}

const RANK: Record<Role | "operator", number> = { viewer: 0, member: 1, admin: 2, operator: 3 };

export interface Here {
  workspace: string; // an id, for ?workspace=
  role: Role | "operator" | null; // null: of a workspace that is not theirs, or not there
  may: (needed: Role | "operator") => boolean;
}

// The workspace of the URL, else the first that the person belongs to, else the installation's first.
export function useHere(): Here {
  const session = useSession();
  const search: { workspace?: string } = useSearch({ strict: false });
  const workspace = search.workspace ?? session.memberships[0]?.workspace.id ?? "ws_default";
  const membership = session.memberships.find((m) => m.workspace.id === workspace);
  const role = session.person.operator ? "operator" : (membership?.role ?? null);
  return { workspace, role, may: (needed) => role !== null && RANK[role] >= RANK[needed] };
}
