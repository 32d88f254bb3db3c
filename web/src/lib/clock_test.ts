import { afterEach, describe, expect, it, vi } from "vitest";

import { gatewayNow, heardDate, onClockChange } from "./clock";

const HERE = Date.parse("2026-11-21T12:00:00.250Z");
const DAY_MS = 86_400_000;
const told = (ms: number) => new Date(ms).toUTCString();

describe("the gateway's clock", () => {
  afterEach(() => {
    heardDate(told(Date.now()), Date.now(), Date.now());
    vi.useRealTimers();
  });
  const at = (time: number) => {
    vi.useFakeTimers();
    vi.setSystemTime(time);
  };
  it.each([DAY_MS, -DAY_MS, 5_000, -3_600_000])("is followed where this computer's differs by %i ms", (ahead) => {
    at(HERE);
    heardDate(told(HERE + ahead), HERE - 40, HERE);
    expect(Math.abs(gatewayNow() - (HERE + ahead))).toBeLessThan(1_000);
  });
  it("is this computer's own as long as they agree as well as a header in seconds can tell", () => {
    at(HERE);
    for (const ahead of [-1_000, -250, 0, 750, 1_000]) {
      heardDate(told(HERE + ahead), HERE - 40, HERE);
      expect(gatewayNow()).toBe(HERE);
    }
  });
  it("is not read out of an answer that was long under way", () => {
    at(HERE);
    heardDate(told(HERE - 20_000), HERE - 40_000, HERE);
    expect(gatewayNow()).toBe(HERE);
  });
  it("does not swing with each answer", () => {
    at(HERE);
    heardDate(told(HERE + DAY_MS), HERE, HERE);
    const first = gatewayNow();
    heardDate(told(HERE + DAY_MS + 1_000), HERE, HERE);
    expect(gatewayNow()).toBe(first);
  });
  it("stays what it was where an answer tells no time", () => {
    at(HERE);
    heardDate(told(HERE + DAY_MS), HERE, HERE);
    const known = gatewayNow();
    heardDate(null, HERE, HERE);
    heardDate("yesterday", HERE, HERE);
    expect(gatewayNow()).toBe(known);
  });
  it("tells those who show times when it changes", () => {
    at(HERE);
    let times = 0;
    const stop = onClockChange(() => times++);
    heardDate(told(HERE + DAY_MS), HERE, HERE);
    heardDate(told(HERE + DAY_MS), HERE, HERE);
    stop();
    heardDate(told(HERE), HERE, HERE);
    expect(times).toBe(1);
  });
});
