import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";

import { send, setCsrfToken } from "@/api/client";
import { mayLeave } from "@/lib/unsaved";
import { notifyProblem } from "@/ui/notice";

import { sessionQuery } from "./session";

// Ends the session on the server, and forgets what was read in it.
export function useSignOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    if (!(await mayLeave())) return;
    try {
      await send("DELETE", "/admin/v1/session");
    } catch (error) {
      return notifyProblem(error);
    }
    setCsrfToken(null);
    await navigate({ to: "/sign-in", search: {} });
    client.clear();
    client.setQueryData(sessionQuery.queryKey, null);
  };
}
