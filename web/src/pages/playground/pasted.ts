// A secret that somebody pasted belongs to the key that was chosen then, and is used for no other.
export interface Pasted {
  key: string;
  secret: string;
}

export const pastedFor = (pasted: Pasted | null, key: string | undefined): string => (pasted && pasted.key === key ? pasted.secret.trim() : "");
