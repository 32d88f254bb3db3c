import { expect, it } from "vitest";

import { mayLeave, unsaved } from "./unsaved";

it("is left only when all that is unsaved may be, and asked about no more when it is gone", async () => {
  expect(await mayLeave()).toBe(true);
  const first = unsaved(async () => "leave");
  expect(await mayLeave()).toBe(true);
  const second = unsaved(async () => "stay");
  expect(await mayLeave()).toBe(false);
  second();
  expect(await mayLeave()).toBe(true);
  first();
});
