import { afterEach, describe, expect, it, vi } from "vitest";

import { isShownOnce, shownOnce, whenNothingIsShownOnce } from "./shown_once";

describe("what is shown once", () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  it("lets what would take the page away wait until all of it was stored", () => {
    vi.useFakeTimers();
    const heard: string[] = [];
    whenNothingIsShownOnce(() => heard.push("at once"));
    const one = shownOnce();
    const other = shownOnce();
    whenNothingIsShownOnce(() => heard.push("then"));
    one();
    one();
    vi.runAllTimers();
    expect(heard).toEqual(["at once"]);
    expect(isShownOnce()).toBe(true);
    other();
    vi.runAllTimers();
    expect(heard).toEqual(["at once", "then"]);
    expect(isShownOnce()).toBe(false);
  });
  it("leaves no gap between a question and the answer that shows it", () => {
    vi.useFakeTimers();
    let gone = false;
    const asking = shownOnce();
    whenNothingIsShownOnce(() => (gone = true));
    asking();
    const answered = shownOnce();
    vi.runAllTimers();
    expect(gone).toBe(false);
    answered();
    vi.runAllTimers();
    expect(gone).toBe(true);
  });
});
