// Where there is nothing yet, and where filters find nothing: each page shows the shape of what would stand there and
// one thing to do next.
import { made } from "./admin";
import { clean } from "./axe";
import { expect, test } from "./gateway";
import { overflow, settled } from "./pages";

const NOTHING_YET = [
  { path: "/", title: "No request yet", button: "Create key" },
  { path: "/keys", title: "No keys yet", button: "Create key" },
  { path: "/usage", title: "No request yet", button: "Create key" },
  { path: "/profiles", title: "No profile yet", button: "Create profile" },
  { path: "/credits", title: "No grant yet", button: "Grant credits" },
  { path: "/playground", title: "It takes a key to call a model", button: "Create key" },
  { path: "/members", title: "No member yet", button: "Invite" },
];
const FOUND_NOTHING = [
  { path: "/keys?search=nothing-has-this-name", title: "No key fits these filters", button: "Clear filters" },
  { path: "/usage?status=418", title: "No request fits these filters", button: "Clear filters" },
  { path: "/models?search=nothing-has-this-name", title: "No model is called that", button: "Clear search" },
  { path: "/audit?action=key.revoke", title: "No change fits these filters", button: "Clear filters" },
];

for (const [theme, width] of [["light", 1440], ["dark", 360]] as const) {
  test(`pages with nothing on them say what to do, ${theme}, ${width} px wide`, async ({ operator: page, gateway }) => {
    test.setTimeout(120_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    const workspace = String((await made(gateway, "workspaces", { name: `empty ${theme}` }))["id"]);
    for (const one of [...NOTHING_YET, ...FOUND_NOTHING]) {
      await page.goto(`${gateway.url}${one.path}${one.path.includes("?") ? "&" : "?"}workspace=${workspace}`);
      const empty = page.locator("main div").filter({ has: page.getByRole("heading", { name: one.title, level: 2 }) }).last();
      await expect(empty, one.path).toBeVisible();
      await settled(page);
      await expect(empty.locator("[aria-hidden] .border-dashed").first(), `${one.path}: the shape`).toBeVisible();
      await expect(empty.getByRole("button").or(empty.getByRole("link")), one.path).toHaveText([one.button]);
      await clean(page, one.path);
      expect.soft(await overflow(page), one.path).toBeLessThanOrEqual(0);
    }
    await page.getByRole("button", { name: "Clear filters" }).click();
    await expect(page).not.toHaveURL(/action=/);
  });
}
