import { expect, test } from "./gateway";

test("a profile is made with its key, tried on a prompt, changed and deleted", async ({ operator: page, gateway }) => {
  await page.goto(`${gateway.url}/profiles`);
  await page.getByRole("button", { name: "Create profile" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("support");
  await dialog.getByLabel("Environment").selectOption("sandbox");
  await dialog.getByLabel("Strategy").selectOption("cheapest");
  await dialog.getByRole("button", { name: "Create profile" }).click();
  await expect(page.getByLabel("The secret", { exact: true })).toHaveValue(/^sk-tg-test-/);
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();

  await expect(page.getByText("Chooses the cheapest.")).toBeVisible();
  await page.getByLabel("Prompt").fill("What is the capital of France?");
  await expect(page.getByText(/^Goes to|^Refused:/)).toBeVisible();

  await page.getByLabel("At least", { exact: true }).selectOption("STANDARD");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Chooses the cheapest, STANDARD or better.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save changes" })).toHaveCount(0);

  await page.getByRole("button", { name: "Delete support" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("support");
  await page.getByRole("button", { name: "Delete profile" }).click();
  await expect(page.getByText("No profile yet")).toBeVisible();
});
