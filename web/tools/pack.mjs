// Packs dist/ into the one file that cmake/embed.cmake builds into the binary: an index of lines, an
// empty line, then the bytes. src/server/dashboard.h says the format and reads it.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error("usage: pack.mjs DIST PACK");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};
const COMPRESSED = new Set([".html", ".js", ".css", ".svg", ".txt"]);

// The licences of what is built in stand beside it, as they ask.
function licences() {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return Object.keys(manifest.dependencies).map((name) => {
    const folder = new URL(`../node_modules/${name}/`, import.meta.url);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const { version, license } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
    const text = file ? readFileSync(new URL(file, folder), "utf8") : `Licensed under ${license}.`;
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
}
writeFileSync(join(source, "licences.txt"), licences().join(`\n${"-".repeat(72)}\n\n`));

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();

const index = [];
const bytes = [];
for (const file of files) {
  const path = `/${relative(source, file).split(sep).join("/")}`;
  const type = TYPES[extname(file)];
  if (!type) throw new Error(`no content type for ${path}`);
  const raw = readFileSync(file);
  const shrink = COMPRESSED.has(extname(file));
  const gzip = shrink ? gzipSync(raw, { level: 9 }) : Buffer.alloc(0);
  const brotli = shrink
    ? brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } })
    : Buffer.alloc(0);
  const etag = createHash("sha256").update(raw).digest("hex").slice(0, 32);
  index.push([path, type, etag, raw.length, gzip.length, brotli.length].join("\t"));
  bytes.push(raw, gzip, brotli);
}
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, Buffer.concat([Buffer.from(`${index.join("\n")}\n\n`), ...bytes]));
