import { createKey, expect, test } from "./gateway";

test("the playground streams two models side by side, with tokens, cost and the code", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "tried");
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "tried" });
  await page.getByRole("button", { name: "Compare two" }).click();
  await page.getByLabel("Model 2").selectOption("sandbox/lorem");
  await page.getByLabel("Prompt").fill("Hello there");
  await page.getByRole("button", { name: "Send" }).click();
  // A gateway that makes no secret for the playground asks for one of the key's own.
  const own = page.getByLabel("Its secret");
  await expect(own.or(page.getByRole("link", { name: "Route and price" }).first())).toBeVisible();
  if (await own.isVisible()) {
    await own.fill(secret);
    await page.getByRole("button", { name: "Send" }).click();
  }
  await expect(page.getByRole("link", { name: "Route and price" })).toHaveCount(2);
  await expect(page.getByText(/^\$0\.0/)).toHaveCount(2);
  await expect(page.getByText(/\d+ out/)).toHaveCount(2);
  await page.getByRole("button", { name: "Code" }).click();
  await expect(page.getByRole("dialog")).toContainText("Hello there");
  await expect(page.getByRole("dialog")).not.toContainText(secret);
});
