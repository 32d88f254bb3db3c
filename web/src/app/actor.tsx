// Who did something: a person by name, a key or the command line by what the API calls it.
import { useQuery } from "@tanstack/react-query";

import { membersQuery } from "@/api/queries";

import { useHere, useSession } from "./session";

export function useActorName() {
  const { workspace } = useHere();
  const { person } = useSession();
  const members = useQuery(membersQuery(workspace));
  return (actor: string): string => {
    if (actor === person.id) return "you";
    const member = members.data?.data.find(({ id }) => id === actor);
    if (member) return member.name || member.email;
    return actor === "cli" ? "the command line" : actor;
  };
}
