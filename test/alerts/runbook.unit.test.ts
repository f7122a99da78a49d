import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const DOCS = new URL("../../docs/", import.meta.url);
const pages = [
  "runbook.md",
  ...readdirSync(new URL("playbooks/", DOCS)).map((n) => `playbooks/${n}`),
];

/** A GitHub page's anchors. */
const anchorsOf = (page: URL) =>
  [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("every link of %s leads somewhere", (name) => {
  const page = new URL(name, DOCS);
  const links = [...readFileSync(page, "utf8").matchAll(/\]\(([^)]+)\)/g)]
    .map(([, link = ""]) => link)
    // Boards are Grafana's.
    .filter((link) => !link.startsWith("/d/") && !link.startsWith("https:"));
  const broken = links.filter((link) => {
    const target = new URL(link, page);
    const anchor = target.hash.slice(1);
    target.hash = "";
    return !existsSync(target) || (anchor !== "" && !anchorsOf(target).includes(anchor));
  });
  expect(broken).toEqual([]);
});

test("every playbook is led to", () => {
  const all = pages.map((name) => readFileSync(new URL(name, DOCS), "utf8")).join("\n");
  const playbooks = readdirSync(new URL("playbooks/", DOCS));
  expect(playbooks.filter((name) => !all.includes(`${name})`))).toEqual([]);
});
