// What the first visit loads: the scripts that index.html names, and what they import before anything is
// clicked. Fails above 200 KB of gzip.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const MAX = 200 * 1024;
const folder = process.argv[2];
if (!folder) throw new Error("usage: size.mjs DIST");

const seen = new Set();
function load(path) {
  if (seen.has(path)) return;
  seen.add(path);
  const code = readFileSync(join(folder, path), "utf8");
  // Static imports only: `import("…")` is a page's own chunk, loaded when it is gone to.
  for (const [, name] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) load(`assets/${name}`);
}
const html = readFileSync(join(folder, "index.html"), "utf8");
for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)) load(path);
const sizes = [...seen].map((path) => gzipSync(readFileSync(join(folder, path)), { level: 9 }).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
console.log(`note: initial JavaScript ${(total / 1024).toFixed(1)} KB gzip in ${seen.size} files (at most 200)`);
if (seen.size === 0 || total > MAX) process.exit(1);
