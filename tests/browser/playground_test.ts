import { made } from "./admin";
import { createKey, expect, test } from "./gateway";

test("the playground streams two models side by side, with tokens, cost and the code", async ({ operator: page, gateway }) => {
  const secret = await createKey(page, gateway, "tried");
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "tried" });
  await page.getByRole("button", { name: "Compare two" }).click();
  await page.getByLabel("Model 2").selectOption("sandbox/lorem");
  await page.getByLabel("Prompt").fill("Hello there");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("link", { name: "Route and price" })).toHaveCount(2);
  await expect(page.getByText(/^\$0\.0/)).toHaveCount(2);
  await expect(page.getByText(/\d+ out/)).toHaveCount(2);
  const code = page.getByRole("dialog");
  await page.getByRole("button", { name: "Show code" }).click();
  // The call that was made, once: what was answered to it is no part of it. And of the other column, its own.
  await expect(code.getByRole("tabpanel")).toContainText(/"model":"sandbox\/echo","messages":\[{"role":"user","content":"Hello there"}\]/);
  await code.getByRole("button", { name: "sandbox/lorem" }).click();
  await expect(code.getByRole("tabpanel")).toContainText(/"model":"sandbox\/lorem","messages":\[{"role":"user","content":"Hello there"}\]/);
  await expect(code).not.toContainText(secret);
  await page.keyboard.press("Escape");
  await page.getByLabel("Prompt").fill("And then?");
  await page.getByRole("button", { name: "Show code" }).click();
  await expect(code.getByRole("tabpanel")).toContainText('{"role":"user","content":"Hello there"},{"role":"assistant","content":"Hello there"},{"role":"user","content":"And then?"}');
});

test("the playground's own secret is counted apart, replaced when it was ended, and kept nowhere", async ({ operator: page, gateway }) => {
  await createKey(page, gateway, "apart");
  const minted: string[] = [];
  page.on("response", async (response) => {
    if (response.url().includes("/secrets") && response.request().method() === "POST") minted.push((await response.json()).secret);
  });
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "apart" });
  await expect(page.getByLabel("Its secret")).toHaveCount(0);
  const send = async (prompt: string) => {
    await page.getByLabel("Prompt").fill(prompt);
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.getByRole("button", { name: "Send" })).toBeVisible();
  };
  await send("One");
  await send("Two");
  await expect(page.getByRole("link", { name: "Route and price" })).toHaveCount(2);
  expect(minted).toHaveLength(1);

  // Others that are minted elsewhere end this one; the page goes on with another.
  const id = (await (await page.request.get(`${gateway.url}/admin/v1/keys?name=apart&workspace=ws_default`)).json()).data[0].id;
  const { csrf_token } = await (await page.request.get(`${gateway.url}/admin/v1/session`)).json();
  for (let i = 0; i < 5; i += 1) {
    const made = await page.request.post(`${gateway.url}/admin/v1/keys/${id}/secrets?workspace=ws_default`, { headers: { "X-CSRF-Token": csrf_token, Origin: gateway.url }, data: { purpose: "playground" } });
    expect(made.status()).toBe(201);
  }
  await send("Three");
  await expect(page.getByRole("link", { name: "Route and price" })).toHaveCount(3);
  await expect.poll(() => minted.length).toBe(2);

  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML, location.href, history.state]));
  for (const secret of minted) expect(kept).not.toContain(secret);
  await page.goto(`${gateway.url}/keys/${id}`);
  const secrets = page.getByRole("table", { name: "Secrets" });
  await expect(secrets.getByText("Playground", { exact: true })).toHaveCount(5);
  await expect(secrets.getByText("Current")).toHaveCount(1);
});

test("a key beyond the first hundred is found by its name", async ({ operator: page, gateway }) => {
  await made(gateway, "keys", { name: "the oldest of many", environment: "sandbox" });
  for (let number = 0; number < 101; number++) await made(gateway, "keys", { name: `one of many ${number}`, environment: "sandbox" });
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Find a key").fill("oldest of many");
  await expect(page.getByLabel("Key", { exact: true }).locator("option")).toHaveText(["the oldest of many"]);
  await page.getByLabel("Key", { exact: true }).selectOption({ label: "the oldest of many" });
  await page.getByLabel("Find a key").fill("nothing is called this");
  await expect(page.getByLabel("Key", { exact: true }).locator("option")).toHaveText(["the oldest of many"]);
  await page.getByLabel("Prompt").fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("link", { name: "Route and price" }).waitFor();
});

test("a stream that something else wrote into is told as such", async ({ operator: page, gateway }) => {
  await page.route("**/v1/chat/completions", (route) => route.fulfill({ status: 200, contentType: "text/event-stream", body: "data: <b>sponsored</b>\n\n" }));
  await page.goto(`${gateway.url}/playground`);
  await page.getByLabel("Prompt").fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toContainText("no event of the gateway’s");
});
