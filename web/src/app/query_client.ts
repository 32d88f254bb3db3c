// What is kept of the gateway's answers, and for how long.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { Problem } from "@/api/client";

// The session has ended meanwhile: pages are told, and lead to the door (app/shell.tsx).
function onError(error: unknown) {
  const ended = error instanceof Problem && error.status === 401 && ENDED.has(error.code);
  if (ended && queryClient.getQueryData(["session"])) queryClient.setQueryData(["session"], null);
}
const ENDED = new Set(["expired_session", "missing_api_key"]);

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // A refusal is an answer; only what never came is asked for again.
      retry: (count, error) => !(error instanceof Problem && error.status > 0 && error.status < 500) && count < 2,
    },
    // Answers to changes carry secrets, and the changes themselves passwords: neither outlives the dialog.
    mutations: { gcTime: 0 },
  },
});
