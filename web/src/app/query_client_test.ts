import { MutationObserver } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://127.0.0.1:8080" });
const { queryClient } = await import("./query_client");

// A dialog observes its mutation while it is open; closing unsubscribes.
function opened() {
  const dialog = new MutationObserver(queryClient, { mutationFn: async () => ({ name: "a", secret: "shown-once" }) });
  return { dialog, close: dialog.subscribe(() => undefined) };
}

describe("what is kept of an answer to a change", () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  it("is nothing once its dialog is closed, so that a secret is gone with it", async () => {
    vi.useFakeTimers();
    const { dialog, close } = opened();
    await dialog.mutate();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dialog.getCurrentResult().data?.secret).toBe("shown-once");
    close();
    await vi.advanceTimersByTimeAsync(1);
    expect(queryClient.getMutationCache().getAll()).toEqual([]);
  });
  it("is nothing when the dialog was closed before the answer came", async () => {
    vi.useFakeTimers();
    const { dialog, close } = opened();
    const answer = dialog.mutate();
    close();
    await answer;
    await vi.advanceTimersByTimeAsync(1);
    expect(queryClient.getMutationCache().getAll()).toEqual([]);
  });
});
