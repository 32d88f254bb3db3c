// Every page, in both themes and on a small screen: axe finds nothing, and nothing is wider than the screen.
import { cleanInBothThemes } from "./axe";
import { call, createKey, expect, test } from "./gateway";
import { overflow, PAGES, settled, visit } from "./pages";

for (const width of [1440, 390]) {
  test(`every page and dialog in both themes, ${width} px wide`, async ({ operator: page, gateway }) => {
    test.setTimeout(240_000);
    await page.setViewportSize({ width, height: 900 });
    const name = `chatbox-${width}`;
    const secret = await createKey(page, gateway, name);
    for (const model of ["sandbox/echo", "sandbox/lorem", "sandbox/error-500"]) await call(gateway, secret, model);
    for (const one of PAGES) {
      await visit(page, gateway.url, one);
      await cleanInBothThemes(page, one.name);
      // Nothing is wider than the screen.
      expect.soft(await overflow(page), one.name).toBeLessThanOrEqual(0);
    }
    await page.goto(`${gateway.url}/keys?search=${name}`);
    await page.getByRole("link", { name }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await settled(page);
    await cleanInBothThemes(page, "key");
    for (const [opener, opens] of [["Edit details", "form"], ["Edit limits", "form"], ["Edit policy", "form"], ["Rotate secret", "dialog"], ["Revoke key", "dialog"]] as const) {
      await page.getByRole("button", { name: opener }).click();
      await page.getByRole(opens).waitFor();
      await cleanInBothThemes(page, opener);
      await page.keyboard.press("Escape");
      await page.getByRole(opens).waitFor({ state: "detached" });
      await expect(page.getByRole("button", { name: opener })).toBeFocused();
    }
    await page.goto(`${gateway.url}/keys?create=true`);
    for (const fold of ["Limits", "Scope", "Expiry", "Details"]) await page.getByRole("button", { name: new RegExp(`^${fold}`) }).click();
    await page.getByRole("button", { name: "Production server" }).click();
    await cleanInBothThemes(page, "create");
    await page.keyboard.press("Escape");
    await page.goto(`${gateway.url}/usage`);
    await page.getByRole("row").nth(1).click();
    await page.getByRole("dialog").waitFor();
    await cleanInBothThemes(page, "usage detail");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").waitFor();
    await cleanInBothThemes(page, "palette");
  });
}
