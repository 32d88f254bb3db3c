import { describe, expect, it, vi } from "vitest";

import { whenReachable } from "./chunk";

const gone = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));

describe("a part of the dashboard", () => {
  it("is asked for until the gateway is back", async () => {
    const chunk = vi.fn<() => Promise<string>>().mockImplementationOnce(gone).mockImplementationOnce(gone).mockResolvedValue("page");
    await expect(whenReachable(chunk, () => Promise.resolve(false), () => Promise.resolve())).resolves.toBe("page");
    expect(chunk).toHaveBeenCalledTimes(3);
  });
  it("is not asked for again where the gateway is there and has none: that is another version", async () => {
    const chunk = vi.fn<() => Promise<string>>().mockImplementation(gone);
    await expect(whenReachable(chunk, () => Promise.resolve(true), () => Promise.resolve())).rejects.toThrow("dynamically imported");
    expect(chunk).toHaveBeenCalledTimes(1);
  });
});
