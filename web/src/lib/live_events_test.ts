import { describe, expect, it } from "vitest";

import type { Key } from "@/api/contract";

import { comesBackIn, dueAt, groupOf, newestFirst, PACE_MS, withKey } from "./live_events";

const key = { id: "key_a", request_count: 4 } as Key;
const other = { id: "key_b", request_count: 9 } as Key;

describe("a key that was read again", () => {
  const list = { pages: [{ data: [other] }, { data: [key, other] }] };
  it("stands in the lists as it is now, however often it is told of", () => {
    const now = { ...key, request_count: 5 };
    const once = withKey(list, now);
    expect(once.pages[1]!.data).toEqual([now, other]);
    expect(withKey(once, now)).toEqual(once);
  });
  it("leaves pages and lists without it as they are", () => {
    expect(withKey(list, key).pages[0]).toBe(list.pages[0]);
    expect(withKey(list, { id: "key_c" } as Key)).toBe(list);
  });
});

describe("the last requests", () => {
  const rows = (...ids: string[]) => ids.map((id) => ({ id }));
  it("are those that were read when the feed missed them", () => {
    expect(newestFirst(rows("gen_02", "gen_01"), rows("gen_09", "gen_08", "gen_07"), 4)).toEqual(rows("gen_09", "gen_08", "gen_07", "gen_02"));
  });
  it("are those of the feed that came since, each once", () => {
    expect(newestFirst(rows("gen_0b", "gen_0a", "gen_09"), rows("gen_09", "gen_08"), 9)).toEqual(rows("gen_0b", "gen_0a", "gen_09", "gen_08"));
  });
});

describe("what is read again", () => {
  const touched = new Set(["key_a"]);
  it("is what shows the workspace, and of keys' pages those that were touched", () => {
    expect(groupOf(["keys", "ws", "list", {}], "ws", touched)).toBe("lists");
    expect(groupOf(["keys", "ws", "counts", {}], "ws", touched)).toBe("lists");
    expect(groupOf(["keys", "ws", "one", "key_a"], "ws", touched)).toBe("figures");
    expect(groupOf(["keys", "ws", "overview", "key_b", "24h"], "ws", touched)).toBeNull();
    expect(groupOf(["keys", "ws", "overview", "key_b", "24h"], "ws", null)).toBe("figures");
    expect(groupOf(["overview", "ws", "24h"], "ws", touched)).toBe("figures");
    expect(groupOf(["usage", "ws", "rows", {}], "ws", touched)).toBe("figures");
    expect(groupOf(["workspace", "ws"], "ws", touched)).toBe("figures");
    expect(groupOf(["providers", "ws"], "ws", touched)).toBe("providers");
  });
  it("is nothing of another workspace, and no name that is being typed", () => {
    expect(groupOf(["overview", "other", "24h"], "ws", null)).toBeNull();
    expect(groupOf(["keys", "ws", "named", "a"], "ws", null)).toBeNull();
    expect(groupOf(["audit", "ws", undefined], "ws", null)).toBeNull();
  });
  it("is read soon after the first event, and at a calm pace after that", () => {
    expect(dueAt("figures", 100_000, 0)).toBe(100_400);
    expect(dueAt("figures", 100_000, 99_900)).toBe(99_900 + PACE_MS.figures);
  });
});

it("a stream that is refused is asked for ever more rarely, but not never", () => {
  expect([0, 1, 2, 10].map(comesBackIn)).toEqual([2_000, 4_000, 8_000, 60_000]);
});
