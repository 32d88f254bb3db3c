// What can be done to each kind of thing, as the gateway calls it in its audit trail.
export const ACTIONS = [
  { value: "key", name: "Keys", words: ["create", "update", "rotate", "playground", "revoke"] },
  { value: "profile", name: "Profiles", words: ["create", "update", "delete"] },
  { value: "provider", name: "Providers", words: ["create", "update", "delete"] },
  { value: "model", name: "Models", words: ["update", "reset"] },
  { value: "offer", name: "Offers", words: ["create", "update", "delete"] },
  { value: "alias", name: "Aliases", words: ["create", "update", "delete"] },
  { value: "catalogue", name: "Catalogue", words: ["import"] },
  { value: "workspace", name: "Workspaces", words: ["create", "update", "grant", "test_clock"] },
  { value: "member", name: "Members", words: ["update", "delete"] },
  { value: "invitation", name: "Invitations", words: ["create", "accept", "delete"] },
  { value: "session", name: "Sessions", words: ["create", "delete"] },
  { value: "person", name: "People", words: ["create", "password", "reset", "link", "unlink", "delete"] },
] as const;

export const ACTION_CHOICES: { value: string; name: string; detail?: string }[] = ACTIONS.flatMap(({ value, name, words }) => [
  { value, name, detail: "all" },
  ...words.map((word) => ({ value: `${value}.${word}`, name: `${value}.${word}` })),
]);
