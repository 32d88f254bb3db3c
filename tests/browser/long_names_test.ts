// Names as long as they may be, without a space, in scripts that are wide or run from right to left: no page is wider
// than the screen, and where they are cut they are whole on hover.
import { made } from "./admin";
import { call, expect, test } from "./gateway";
import { overflow, PAGES, visit } from "./pages";

const NAMES = ["W".repeat(100), "鍵管理".repeat(33), "\u05de\u05e4\u05ea\u05d7 ".repeat(20).trim()];

test("long names break no page, from a small phone to 4K", async ({ operator: page, gateway }) => {
  test.setTimeout(180_000);
  const workspace = String((await made(gateway, "workspaces", { name: "V".repeat(60) }))["id"]);
  let key = "";
  for (const name of NAMES) {
    const one = await made(gateway, `keys?workspace=${workspace}`, { name, environment: "sandbox", description: name, tags: ["t".repeat(60), "b"], limits: [{ metric: "tokens", window: "30d", amount: 123_456_789 }, { metric: "requests", window: "day", amount: 1 }] });
    key = String(one["id"]);
    expect((await call(gateway, String(one["secret"]))).status).toBe(200);
    await made(gateway, `profiles?workspace=${workspace}`, { name: `p${name}`, environment: "sandbox" });
  }
  await made(gateway, `invitations?workspace=${workspace}`, { email: `${"e".repeat(60)}@${"d".repeat(60)}.example.com`, role: "member" });
  const stops = [...PAGES, { name: "key", path: `/keys/${key}`, heading: NAMES.at(-1)! }];
  for (const width of [360, 390, 768, 1440, 3840]) {
    await page.setViewportSize({ width, height: 900 });
    for (const stop of stops) {
      await visit(page, gateway.url, { ...stop, path: `${stop.path}?workspace=${workspace}` });
      expect.soft(await overflow(page), `${stop.name} at ${width} px`).toBeLessThanOrEqual(0);
    }
  }
  await page.setViewportSize({ width: 360, height: 900 });
  for (const [path, table] of [["/usage", "Requests"], ["/audit", "Changes"], ["/members", "Invitations"]] as const) {
    await page.goto(`${gateway.url}${path}?workspace=${workspace}`);
    const region = page.getByRole("table", { name: table }).locator("xpath=..");
    await expect(region).toBeVisible();
    expect(await region.evaluate((element) => element.scrollWidth - element.clientWidth), `${path} scrolls sideways`).toBeLessThanOrEqual(0);
  }
  await page.goto(`${gateway.url}/keys?workspace=${workspace}`);
  for (const name of NAMES) await expect(page.getByTitle(name, { exact: true })).toHaveText(name);
});
