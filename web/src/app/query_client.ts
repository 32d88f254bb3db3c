// What is kept of the gateway's answers, and for how long.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { Problem } from "@/api/client";
import { whenNothingIsShownOnce } from "@/lib/shown_once";

const SESSION = ["session"];
const ENDED = new Set(["expired_session", "missing_api_key"]);

// What a refusal says of the session itself. One that has ended meanwhile leads to the door (app/shell.tsx); where
// something is not there or not allowed, the role or the workspace may have changed since the session was read.
function onError(error: unknown) {
  if (!(error instanceof Problem) || !queryClient.getQueryData(SESSION)) return;
  if (error.status === 401 && ENDED.has(error.code)) whenNothingIsShownOnce(() => queryClient.setQueryData(SESSION, null));
  else if (error.status === 403 || error.status === 404) void queryClient.invalidateQueries({ queryKey: SESSION, exact: true });
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error, query) => query.queryKey[0] !== SESSION[0] && onError(error) }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      // A gateway on this machine or in this house answers without the internet, too: only asking tells.
      networkMode: "always",
      staleTime: 2_000,
      // A refusal is an answer; only what never came is asked for again.
      retry: (count, error) => !(error instanceof Problem && error.status > 0 && error.status < 500) && count < 2,
    },
    // Answers to changes carry secrets, and the changes themselves passwords: neither outlives the dialog.
    mutations: { networkMode: "always", gcTime: 0 },
  },
});
