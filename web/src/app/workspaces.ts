// The workspaces that the person may look at: an operator all of them, everybody else their own.
import { useQuery } from "@tanstack/react-query";

import { workspacesQuery } from "@/api/queries";

import { useSession } from "./session";

export function useWorkspaces(): { id: string; name: string }[] {
  const { person, memberships } = useSession();
  const all = useQuery({ ...workspacesQuery, enabled: person.operator });
  return person.operator ? (all.data?.data ?? []) : memberships.map(({ workspace }) => workspace);
}
