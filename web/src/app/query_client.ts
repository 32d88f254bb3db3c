// What is kept of the gateway's answers, and for how long.
import { QueryClient } from "@tanstack/react-query";

import { Problem } from "@/api/client";

export const queryClient = new QueryClient({
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
