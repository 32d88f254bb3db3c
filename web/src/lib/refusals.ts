// Why a sign-in with the OpenID provider did not come about: the words that the gateway sends a browser
// back with, and what they mean to the person. A word that is none of them says nothing.
const REFUSALS = {
  expired: "This sign-in was not begun in this browser, or more than ten minutes ago, or before you changed your password. Begin it again.",
  denied: "You said no at the provider. Begin again if that was not meant.",
  failed: "The provider reported an error. Try again, and tell an admin if it stays so.",
  unreachable: "The provider does not answer. Try again in a moment, or sign in with your password.",
  unverified: "What the provider said could not be verified. Try again, and tell an admin if it stays so.",
  email: "The provider names no verified e-mail address of yours. Verify it there, then begin again.",
  domain: "Your e-mail address is of a domain that may not sign in here. Ask an admin.",
  unlinked: "There is an account with your address and a password. Sign in with the password, then link the provider under Settings.",
  stranger: "Nobody invited your address yet. Ask an admin for an invitation.",
  taken: "That sign-in is linked to another account already, or this account to another sign-in.",
} as const;

export type Refusal = keyof typeof REFUSALS;

export const refusalFrom = (word: unknown): Refusal | undefined =>
  typeof word === "string" && Object.hasOwn(REFUSALS, word) ? (word as Refusal) : undefined;

export const refusalText = (refusal: Refusal): string => REFUSALS[refusal];
