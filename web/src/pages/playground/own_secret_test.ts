import { describe, expect, it } from "vitest";

import { ownSecret } from "./own_secret";

function world() {
  let made = 0;
  const clock = { at: 0 };
  const minted: string[] = [];
  const own = ownSecret(
    async (key) => {
      minted.push(key);
      made += 1;
      return { secret: `${key} ${made}`, lives_ms: 900_000 };
    },
    () => clock.at,
  );
  return { own, clock, minted };
}

describe("the playground's own secret", () => {
  it("is minted once, and again when it is about to end", async () => {
    const { own, clock, minted } = world();
    expect(await own.take("a")).toBe("a 1");
    clock.at = 869_000;
    expect(await own.take("a")).toBe("a 1");
    clock.at = 871_000;
    expect(await own.take("a")).toBe("a 2");
    expect(minted).toEqual(["a", "a"]);
  });
  it("is minted once for calls that ask at the same time", async () => {
    const { own, minted } = world();
    expect(await Promise.all([own.take("a"), own.take("a")])).toEqual(["a 1", "a 1"]);
    expect(minted).toEqual(["a"]);
  });
  it("is of the key that is chosen, and of no other", async () => {
    const { own } = world();
    expect(await own.take("a")).toBe("a 1");
    expect(await own.take("b")).toBe("b 2");
    expect(await own.take("a")).toBe("a 3");
  });
  it("is minted anew when the gateway refused it, once for both columns", async () => {
    const { own, minted } = world();
    const first = await own.take("a");
    const [one, two] = await Promise.all([own.take("a", first), own.take("a", first)]);
    expect([one, two]).toEqual(["a 2", "a 2"]);
    expect(await own.take("a", first)).toBe("a 2");
    expect(minted).toHaveLength(2);
  });
  it("is asked for again after a mint that failed, and forgotten with the page", async () => {
    let fails = true;
    const own = ownSecret(async () => {
      if (fails) throw new Error("refused");
      return { secret: "s", lives_ms: 900_000 };
    });
    await expect(own.take("a")).rejects.toThrow("refused");
    fails = false;
    expect(await own.take("a")).toBe("s");
    own.forget();
    fails = true;
    await expect(own.take("a")).rejects.toThrow("refused");
  });
});
