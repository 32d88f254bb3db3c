// Every page, in both themes and on a small screen: axe finds nothing, and a picture is kept.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { call, createKey, expect, test } from "./gateway";
import { AxeBuilder, type Page } from "./playwright";

const IMAGES = process.env["TOLLGATE_IMAGES"];

const PAGES: { name: string; path: string; heading: string }[] = [
  { name: "overview", path: "/", heading: "Overview" },
  { name: "keys", path: "/keys", heading: "API keys" },
  { name: "profiles", path: "/profiles", heading: "Routing profiles" },
  { name: "usage", path: "/usage", heading: "Usage" },
  { name: "models", path: "/models", heading: "Models" },
  { name: "providers", path: "/providers", heading: "Providers" },
  { name: "credits", path: "/credits", heading: "Credits" },
  { name: "playground", path: "/playground", heading: "Playground" },
  { name: "audit", path: "/audit", heading: "Audit" },
  { name: "members", path: "/members", heading: "Members" },
  { name: "settings", path: "/settings", heading: "Settings" },
];

async function clean(page: Page, what: string) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect.soft(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`)).toEqual([]);
}

async function picture(page: Page, name: string) {
  if (!IMAGES) return;
  mkdirSync(IMAGES, { recursive: true });
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
}

for (const [theme, width] of [["light", 1440], ["dark", 1440], ["light", 390], ["dark", 390]] as const) {
  test(`every page and dialog, ${theme}, ${width} px wide`, async ({ operator: page, gateway }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    const name = `chatbox-${theme}-${width}`;
    const secret = await createKey(page, gateway, name);
    for (const model of ["sandbox/echo", "sandbox/lorem", "sandbox/error-500"]) await call(gateway, secret, model);
    for (const one of PAGES) {
      await page.goto(gateway.url + one.path);
      await page.getByRole("heading", { name: one.heading, level: 1 }).waitFor();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      await clean(page, one.name);
      await picture(page, `${one.name}-${theme}-${width}`);
      // Nothing is wider than the screen.
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), one.name).toBeLessThanOrEqual(0);
    }
    await page.goto(`${gateway.url}/keys?search=${name}`);
    await page.getByRole("link", { name }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
    await clean(page, "key");
    await picture(page, `key-${theme}-${width}`);
    for (const dialog of ["Edit", "Rotate secret", "Revoke key"]) {
      await page.getByRole("button", { name: dialog }).click();
      await page.getByRole("dialog").waitFor();
      await clean(page, dialog);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await expect(page.getByRole("button", { name: dialog })).toBeFocused();
    }
    await page.goto(`${gateway.url}/keys?create=true`);
    for (const fold of ["Limits", "Scope", "Expiry", "Details"]) await page.getByRole("button", { name: new RegExp(`^${fold}`) }).click();
    await page.getByRole("button", { name: "Production server" }).click();
    await clean(page, "create");
    await picture(page, `create-${theme}-${width}`);
    await page.keyboard.press("Escape");
    await page.goto(`${gateway.url}/usage`);
    await page.getByRole("row").nth(1).click();
    await page.getByRole("dialog").waitFor();
    await clean(page, "usage detail");
    await picture(page, `usage-detail-${theme}-${width}`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await clean(page, "palette");
    await picture(page, `palette-${theme}-${width}`);
  });
}
