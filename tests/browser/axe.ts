import { AxeBuilder, expect, type Page } from "./playwright";

export async function clean(page: Page, what: string) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect.soft(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`)).toEqual([]);
}
