// What yarn.locks say, by yarn's own parser: node read.js yarn-lock, in the folder that has `node_modules`, with a path in each
// line of the input. Answers as read.py does.
"use strict";
const { readFileSync } = require("fs");
const path = require("path");
const { createRequire } = require("module");
const { parseSyml } = createRequire(path.join(process.cwd(), "x.js"))("@yarnpkg/parsers");

function read(file) {
  const found = {};
  for (const [key, entry] of Object.entries(parseSyml(readFileSync(file, "utf8")))) {
    if (key === "__metadata") continue;
    const address = entry.resolution ?? entry.resolved ?? "";
    const revision = /(?:#commit=|\.git#|\/tar\.gz\/)([0-9a-f]{40})/.exec(address)?.[1] ?? null;
    const sum = revision || entry.resolution ? null : address.split("#")[1];
    // An alias (`web@npm:ppc@1`) has both names.
    const names = key.split(/, ?/).flatMap((descriptor) => {
      const [, name, target] = /^(@?[^@]+)(?:@(?:npm:(@?[^@]+)@)?|$)/.exec(descriptor);
      return target ? [name, target] : [name];
    });
    for (const name of new Set(names)) {
      (found[name] ??= []).push([entry.version, revision, entry.checksum ?? entry.integrity ?? sum ?? null]);
    }
  }
  return found;
}

for (const file of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  let answer;
  try {
    answer = { found: read(file) };
  } catch (error) {
    const spaces = /Expected "\\n".* but " " found/.test(String(error));
    answer = spaces ? { omitted: "spaces end a line, which only yarn 1 read" } : { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
