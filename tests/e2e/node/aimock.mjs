// Starts the independent mock of providers with the fixtures on standard input (one line of JSON), for
// harness/sdk_world.py; prints {url}. It serves both dialects, and ends with its standard input.
import process from "node:process";
import { createInterface } from "node:readline";
import { LLMock } from "@copilotkit/aimock";

const lines = createInterface({ input: process.stdin });
let mock = null;
lines.on("line", async (line) => {
  mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", strict: true });
  mock.addFixtures(JSON.parse(line));
  await mock.start();
  console.log(JSON.stringify({ url: mock.url }));
});
lines.on("close", async () => {
  await mock?.stop();
  process.exit(0);
});
