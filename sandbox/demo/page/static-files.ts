import { readFileSync } from "node:fs";

const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
} as const;

/** All that the page is made of: nothing comes from elsewhere. */
const FILES = [
  "index.html",
  "page.css",
  "icon.svg",
  "main.js",
  "by-id.js",
  "figures.js",
  "service-banner.js",
  "dots.js",
  "gliding-dots.js",
  "theme-colours.js",
  "paint-loop.js",
  "place-dots.js",
  "bars.js",
  "keys.js",
  "audit.js",
] as const;

interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

/** The page's files by their paths, read once. */
export function readStaticFiles(): ReadonlyMap<string, StaticFile> {
  return new Map(
    FILES.map((name) => {
      const body = readFileSync(new URL(`./public/${name}`, import.meta.url));
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1) as keyof typeof TYPES];
      return [name === "index.html" ? "/" : `/${name}`, { type, body }];
    }),
  );
}
