// Pictures of every page, in both themes, wide and narrow, of a workspace that has been at work (showcase.ts). Taken only
// where TOLLGATE_IMAGES names a folder for them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { expect, OPERATOR, watched } from "./gateway";
import { overflow, PAGES, settled, visit } from "./pages";
import { base, type Page } from "./playwright";
import { showcase } from "./showcase";

const IMAGES = process.env["TOLLGATE_IMAGES"];
const SHAPES = [["light", 1440], ["dark", 1440], ["light", 390], ["dark", 390]] as const;

async function signIn(page: Page, origin: string) {
  await page.goto(`${origin}/sign-in`);
  await page.getByLabel("E-mail").fill(OPERATOR.email);
  await page.getByLabel("Password").fill(OPERATOR.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

base("pictures of every page", async ({ browser }) => {
  base.skip(!IMAGES, "TOLLGATE_IMAGES names no folder");
  base.setTimeout(600_000);
  mkdirSync(IMAGES!, { recursive: true });
  const { gateway, close } = await showcase();
  try {
    for (const [theme, width] of SHAPES) {
      const page = await (await browser.newContext({ colorScheme: theme, reducedMotion: "reduce", viewport: { width, height: 900 } })).newPage();
      const complaints = watched(page, gateway.url);
      const picture = async (name: string) => {
        await settled(page);
        await expect(page.locator(".skeleton")).toHaveCount(0);
        await page.evaluate(() => document.fonts.ready);
        await page.mouse.move(0, 0);
        await page.screenshot({ path: join(IMAGES!, `${name}-${theme}-${width}.png`), animations: "disabled" });
        expect.soft(await overflow(page), name).toBeLessThanOrEqual(0);
      };
      await page.goto(`${gateway.url}/sign-in`);
      await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
      await picture("sign-in");
      await signIn(page, gateway.url);
      for (const stop of PAGES) {
        await visit(page, gateway.url, stop);
        if (stop.name === "playground") await converse(page);
        await picture(stop.name);
      }
      await page.goto(`${gateway.url}/keys?search=prod-backend`);
      await page.getByRole("link", { name: "prod-backend" }).click();
      await page.getByRole("heading", { name: "prod-backend", level: 1 }).waitFor();
      await picture("key");
      await page.getByRole("button", { name: "Edit limits" }).click();
      await page.getByLabel("Amount of limit 1").fill("1200");
      await picture("key-edit");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Discard changes" }).click();
      await page.getByRole("form").waitFor({ state: "detached" });
      await page.goto(`${gateway.url}/keys?create=true`);
      await page.getByLabel("Name", { exact: true }).fill("checkout-service");
      await page.getByRole("button", { name: "Production server" }).click();
      await picture("create");
      await page.goto(`${gateway.url}/usage`);
      await page.getByRole("row").filter({ hasText: "prod-backend" }).first().click();
      await page.getByRole("dialog").getByText("Tokens and price").waitFor();
      await picture("usage-detail");
      await page.goto(`${gateway.url}/keys`);
      await page.getByRole("heading", { name: "API keys" }).waitFor();
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").fill("pro");
      await page.getByRole("option", { name: /^prod-backend/ }).waitFor();
      await picture("palette");
      await page.context().close();
      expect(complaints).toEqual([]);
    }
  } finally {
    await close();
  }
});

async function converse(page: Page) {
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "ci" });
  await page.getByRole("button", { name: "Compare two" }).click();
  await page.getByLabel("Model 2").selectOption("sandbox/lorem");
  await page.getByLabel("Prompt").fill("What does a toll gate do?");
  const minted = page.waitForResponse((response) => response.url().includes("/secrets"));
  await page.getByRole("button", { name: "Send" }).click();
  if ((await minted).status() < 300) await expect(page.getByRole("link", { name: "Route and price" })).toHaveCount(2);
}

