// The hour or day that a chart ends with has not ended: it is drawn as unfinished and says so.
import { call, createKey, expect, test } from "./gateway";

test("what still runs is told apart from what has ended, in the chart and in its table", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "charted");
  expect((await call(gateway, secret)).status).toBe(200);
  for (const range of ["24h", "7d"]) {
    await page.goto(`${gateway.url}/?range=${range}`);
    const table = page.getByRole("table", { name: "Requests and errors" });
    await expect(table.getByRole("rowheader").last()).toHaveText(/, so far$/);
    await expect(table.getByRole("rowheader").filter({ hasText: "so far" })).toHaveCount(1);
    const canvas = page.locator(".u-over").first();
    const box = (await canvas.boundingBox())!;
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    const said = page.locator("figcaption").first();
    await expect(said).toContainText("so far");
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await expect(said).not.toContainText("so far");
  }
});

test("the four charts of a key have one cursor", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "synchronous");
  expect((await call(gateway, secret)).status).toBe(200);
  await page.getByRole("link", { name: "synchronous" }).click();
  await page.getByRole("heading", { name: "synchronous", level: 1 }).waitFor();
  await expect(page.locator(".u-over")).toHaveCount(4);
  const box = (await page.locator(".u-over").first().boundingBox())!;
  await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
  for (const title of ["Requests and errors", "Cost", "Tokens", "Latency"]) {
    await expect(page.locator("figcaption").filter({ hasText: title })).toContainText("so far");
  }
});
