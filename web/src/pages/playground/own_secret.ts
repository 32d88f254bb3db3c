// The page's own secret: minted when one is needed, minted anew when it is about to end, when the gateway
// refuses it or when another key is chosen. It lives in this closure and nowhere else.
export interface Minted {
  secret: string;
  lives_ms: number;
}

const SPARE_MS = 30_000;

interface Held {
  key: string;
  secret: string;
  until: number;
}

export function ownSecret(mint: (key: string) => Promise<Minted>, now: () => number = () => performance.now()) {
  let held: Held | null = null;
  let coming: { key: string; secret: Promise<string> } | null = null;

  // `refused` is a secret of ours that no longer works; another one that is held already does.
  const take = (key: string, refused?: string): Promise<string> => {
    if (held?.key === key && held.secret !== refused && held.until - now() > SPARE_MS) return Promise.resolve(held.secret);
    if (coming?.key === key) return coming.secret;
    held = null;
    const asked = mint(key)
      .then(({ secret, lives_ms }) => {
        if (coming?.secret === asked) held = { key, secret, until: now() + lives_ms };
        return secret;
      })
      .finally(() => {
        if (coming?.secret === asked) coming = null;
      });
    coming = { key, secret: asked };
    return asked;
  };
  const forget = () => {
    held = null;
    coming = null;
  };
  return { take, forget };
}
