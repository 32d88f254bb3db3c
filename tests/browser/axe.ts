import { AxeBuilder, expect, type Page } from "./playwright";

// There are no frames, so the page itself can sum up ("legacy"): no second page is opened for it.
const axe = (page: Page) => new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });

async function none(of: AxeBuilder, what: string) {
  const { violations } = await of.analyze();
  expect.soft(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`)).toEqual([]);
}

// In the theme that it stands in.
export const clean = (page: Page, what: string) => none(axe(page), what);

async function showIn(theme: "light" | "dark", page: Page) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
}

// In both themes, which differ in colours only.
export async function cleanInBothThemes(page: Page, what: string) {
  await showIn("light", page);
  await clean(page, `${what}, light`);
  await showIn("dark", page);
  await none(axe(page).withRules(["color-contrast", "link-in-text-block"]), `${what}, dark`);
}
