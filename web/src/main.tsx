import "./styles.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { Problem } from "./api/client";
import { queryClient } from "./app/query_client";
import { router } from "./app/router";
import { sessionQuery } from "./app/session";
import { applyTheme } from "./app/theme";
import { watchPresence } from "./lib/presence";

applyTheme();
watchPresence(window);

// A session that ended while a page was open: back to the door, and here again after it.
queryClient.getQueryCache().subscribe((event) => {
  if (event.type !== "updated" || event.action.type !== "error") return;
  const error: unknown = event.action.error;
  if (!(error instanceof Problem) || error.status !== 401) return;
  if (queryClient.getQueryData(sessionQuery.queryKey)) {
    queryClient.setQueryData(sessionQuery.queryKey, null);
    void router.invalidate();
  }
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
