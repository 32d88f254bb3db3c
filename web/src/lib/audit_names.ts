// What an audit row is about, as people call it: the name, or else the e-mail address, that it holds after or before.
const textIn = (object: unknown, member: string): string => {
  const value = (object as Record<string, unknown> | null | undefined)?.[member];
  return typeof value === "string" ? value : "";
};

export const nameIn = ({ before, after }: { before?: unknown; after?: unknown }): string =>
  textIn(after, "name") || textIn(before, "name") || textIn(after, "email") || textIn(before, "email");
