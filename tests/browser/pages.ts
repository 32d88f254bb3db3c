// The pages of somebody who is signed in, for the tests that walk all of them.
import { expect, type Page } from "./playwright";

export interface Stop {
  name: string;
  path: string;
  heading: string;
}

export const PAGES: Stop[] = [
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

// When what it waited for is there.
export async function settled(page: Page) {
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
}

export async function visit(page: Page, origin: string, stop: Stop) {
  await page.goto(origin + stop.path);
  await page.getByRole("heading", { name: stop.heading, level: 1 }).waitFor();
  await settled(page);
}

// How much wider than the screen the page is.
export const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
