// As a new user: an empty directory, the printed link, and what the pages say, nothing else. What is copied is run as it
// is, in a shell and by Python, and the new row's counter moves.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test, watched } from "./gateway";
import type { Page } from "./playwright";

const MINUTES_MAX = 2;
const VENV = join(__dirname, "../../.venv/bin/python");
const PYTHON = existsSync(VENV) ? VENV : "python3";
const HAS_SDK = spawnSync(PYTHON, ["-c", "import openai"]).status === 0;

async function copied(page: Page, language: string): Promise<string> {
  await page.getByRole("tab", { name: language, exact: true }).click();
  await page.getByRole("button", { name: "Copy the snippet" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Copied" })).toHaveCount(1);
  return page.evaluate(() => navigator.clipboard.readText());
}

// As pasted: in a directory of its own, with nothing in the environment that a new user would not have.
function run(command: string, parameters: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-pasted-"));
  try {
    const done = spawnSync(command, parameters, { cwd: folder, encoding: "utf8", timeout: 30_000, env: { PATH: process.env["PATH"] ?? "", HOME: folder } });
    return { status: done.status, said: done.stdout, complained: done.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a new user copies a snippet, runs it and sees the counter move, in less than two minutes", async ({ page, untouched: gateway, context }) => {
  const complaints = watched(page, gateway.url);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const began = performance.now();
  await page.goto(gateway.setup);
  await page.getByLabel("Your name").fill("New user");
  await page.getByLabel("E-mail").fill("new@example.com");
  await page.getByLabel("Password").fill("four calm words here");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Use the sandbox" }).click();
  await page.getByRole("button", { name: "Create key" }).click();
  const curl = await copied(page, "curl");
  const python = await copied(page, "Python");
  await page.getByRole("button", { name: "Go to the dashboard" }).click();

  const row = page.getByRole("listitem").filter({ hasText: "my-first-key" });
  await expect(row.getByTitle("0 requests", { exact: true })).toBeVisible();
  const shell = run("bash", ["-c", curl]);
  expect(shell.status, shell.complained).toBe(0);
  expect((JSON.parse(shell.said) as { choices: { message: { content: string } }[] }).choices[0]!.message.content).toBe("Hello");
  await expect(row.getByTitle("1 request", { exact: true })).toBeVisible();
  const seconds = (performance.now() - began) / 1000;
  console.log(`note: from the printed link to a counter that moved: ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(MINUTES_MAX * 60);

  if (HAS_SDK) {
    const script = join(mkdtempSync(join(tmpdir(), "tollgate-pasted-")), "first_call.py");
    writeFileSync(script, python);
    const said = run(PYTHON, [script]);
    rmSync(join(script, ".."), { recursive: true, force: true });
    expect(said.status, said.complained).toBe(0);
    expect(said.said.trim()).toBe("Hello");
    await expect(row.getByTitle("2 requests", { exact: true })).toBeVisible();
  } else {
    console.log("note: the Python snippet is not run: the package openai is not installed");
  }
  // The overview knows of it, without being loaded again.
  await page.getByRole("link", { name: "Overview" }).first().click();
  await expect(page.getByRole("table", { name: "Requests", exact: true }).getByRole("row").nth(1)).toContainText("my-first-key");
  expect(complaints).toEqual([]);
});
