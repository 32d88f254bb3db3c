// A part of the dashboard that is fetched when it is first needed. While the gateway is gone it is waited for, with what was
// on screen still there: a part that cannot be had is asked for only once by whoever draws it.
import { heardFrom } from "./reachable";

const AGAIN_MS = 2_000;

const answers = () =>
  fetch("/livez", { cache: "no-store" }).then(
    () => true,
    () => false,
  );

export async function whenReachable<T>(fetchChunk: () => Promise<T>, isThere = answers, wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))): Promise<T> {
  for (;;) {
    try {
      return await fetchChunk();
    } catch (cause) {
      // One that answers and has no such chunk is of another version: the page is to be loaded anew.
      if (await isThere()) throw cause;
      heardFrom("nobody");
      await wait(AGAIN_MS);
    }
  }
}
