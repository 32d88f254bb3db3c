// A long list of keys, scrolled: no row is missing, doubled or blank, and the first visit paints at once.
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { type Gateway, newDirectory, removeDirectory, signedIn, start } from "./gateway";
import { base, expect, type Page } from "./playwright";

const FULL = process.env["TOLLGATE_SOAK_SCALE"] === "full";
const KEYS = FULL ? 100_000 : 2_000;
const ROWS = FULL ? 1_000_000 : 5_000;
const JUMPS = FULL ? 60 : 20;
const FIRST_PAINT_MS = 300;
const BLANK_MS = 500; // until what was jumped to is there

const test = base.extend<object, { large: Gateway }>({
  large: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const data = newDirectory();
      await (await start(data)).stop();
      execFileSync("python3", [join(__dirname, "../e2e/harness/large.py"), data, "--keys", `${KEYS}`, "--rows", `${ROWS}`], { env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } });
      const running = await start(data);
      await use(running);
      await running.stop();
      removeDirectory(data);
    },
    { scope: "worker", timeout: 600_000 },
  ],
});

// What is drawn, as [place, name], and how much of the window below the list's beginning is blank, in pixels.
interface Drawn {
  rows: [number, string][];
  blank: number;
}

// In the page: scrolls to `top` and waits until rows fill the window, as a person would.
async function scrollTo(page: Page, top: number): Promise<Drawn & { waited: number; end: boolean }> {
  return page.evaluate(async (to) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const look = (): Drawn => {
      const list = document.querySelector<HTMLElement>('ul[aria-label="Keys"]')!;
      const box = list.getBoundingClientRect();
      const from = Math.max(0, box.top);
      const until = Math.min(innerHeight, box.bottom);
      let covered = 0;
      const rows = [...list.children].map((item): [number, string] => {
        const part = item.getBoundingClientRect();
        covered += Math.max(0, Math.min(until, part.bottom) - Math.max(from, part.top));
        return [Number(item.getAttribute("aria-posinset")), item.querySelector("a")!.textContent!];
      });
      return { rows, blank: Math.round(until - from - covered) };
    };
    window.scrollTo(0, to);
    const began = performance.now();
    let drawn = look();
    do {
      await frame();
      drawn = look();
    } while (drawn.blank > 2 && performance.now() - began < 5_000);
    return { ...drawn, waited: performance.now() - began, end: innerHeight + scrollY >= document.documentElement.scrollHeight - 2 };
  }, top);
}

const fetched = (page: Page) => page.evaluate(() => document.querySelectorAll('ul[aria-label="Keys"] li[aria-setsize="-1"]').length === 0);

test("a list of many keys scrolls to its end with each key once", async ({ page, large }) => {
  test.setTimeout(FULL ? 1_800_000 : 180_000);
  await signedIn(page, large);
  await page.goto(`${large.url}/keys`);
  await page.getByRole("list", { name: "Keys" }).waitFor();
  const places = new Map<number, string>();
  const moved: string[] = []; // one expectation for each of the rows would take most of the time
  const waits: number[] = [];
  let top = 0;
  let wheres = 0;
  for (;;) {
    const seen = await scrollTo(page, top);
    waits.push(seen.waited);
    for (const [place, name] of seen.rows) {
      if ((places.get(place) ?? name) !== name) moved.push(`row ${place}: ${places.get(place)}, then ${name}`);
      places.set(place, name);
    }
    expect(moved).toEqual([]);
    wheres += 1;
    if (seen.end && (await fetched(page))) break;
    // Where the next page is not there yet, the same place is looked at again.
    if (!seen.end) top += 700;
  }
  // Walking over the API is the other way to count: the list has those, each once, in its order.
  const wanted: string[] = [];
  let cursor: string | null = null;
  do {
    const answer = await page.request.get(`${large.url}/admin/v1/keys?workspace=ws_default&limit=1000${cursor ? `&cursor=${cursor}` : ""}`);
    const body = (await answer.json()) as { data: { name: string }[]; next_cursor: string | null };
    wanted.push(...body.data.map((key) => key.name));
    cursor = body.next_cursor;
  } while (cursor);
  expect(places.size).toBe(wanted.length);
  expect(wanted.flatMap((name, at) => (places.get(at + 1) === name ? [] : [`row ${at + 1}: ${places.get(at + 1)} instead of ${name}`])).slice(0, 10)).toEqual([]);

  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const jumps: number[] = [];
  for (let jump = 0; jump < JUMPS; jump += 1) {
    const seen = await scrollTo(page, Math.floor(height * ((jump * 0.618) % 1)));
    expect(seen.blank).toBeLessThanOrEqual(2);
    expect(seen.rows.filter(([place, name]) => places.get(place) !== name)).toEqual([]);
    jumps.push(seen.waited);
  }
  waits.sort((a, b) => a - b);
  jumps.sort((a, b) => a - b);
  console.log(
    `note: scale: ${wanted.length} keys in ${wheres} looks, each once; a step is drawn in ${Math.round(waits[Math.floor(waits.length / 2)]!)} ms, ${Math.round(waits.at(-1)!)} at most; a jump in ${Math.round(jumps[Math.floor(JUMPS / 2)]!)} ms, ${Math.round(jumps.at(-1)!)} at most`,
  );
  if (FULL) expect(jumps.at(-1)).toBeLessThanOrEqual(BLANK_MS);
});

test("the dashboard paints at once", async ({ page, large }) => {
  await signedIn(page, large);
  const paints: number[] = [];
  for (let visit = 0; visit < 5; visit += 1) {
    await page.goto(`${large.url}/?visit=${visit}`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    paints.push(
      await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.POSITIVE_INFINITY),
    );
  }
  paints.sort((a, b) => a - b);
  console.log(`note: scale: first contentful paint after ${Math.round(paints[2]!)} ms (median of 5 visits), ${Math.round(paints[4]!)} at most`);
  if (FULL) expect(paints[2]).toBeLessThanOrEqual(FIRST_PAINT_MS);
});
