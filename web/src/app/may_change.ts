// Whose keys somebody may change.
import { useCallback } from "react";

import type { Key } from "@/api/contract";

import { useHere, useSession } from "./session";

// Members manage the keys that they made, admins all of them; management keys are the admins' alone.
export function useMayChange() {
  const { role } = useHere();
  const { id } = useSession().person;
  return useCallback(
    (key: Key) => key.status !== "revoked" && (role === "operator" || role === "admin" || (role === "member" && key.created_by === id && key.type !== "management")),
    [role, id],
  );
}
