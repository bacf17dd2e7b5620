// Starts `prism proxy --errors` for some paths of a description: node prism.js PORT UPSTREAM FILE PATHS, in the folder that has
// `node_modules`. Ends when its standard input closes.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");

const [port, upstream, description, wanted] = process.argv.slice(2);
const modules = path.join(process.cwd(), "node_modules");
const spec = JSON.parse(fs.readFileSync(description, "utf8"));

// A whole description takes prism long to read; a path that is not here is refused all the same.
const pattern = new RegExp(wanted);
spec.paths = Object.fromEntries(Object.entries(spec.paths).filter(([name]) => pattern.test(name)));
delete spec.webhooks;
delete spec["x-webhooks"];
// Paths are given without it.
delete spec.basePath;
// Whoever has no token may read, too.
delete spec.security;
// What the description does not know must not be sent, neither in requests nor in answers.
for (const definition of Object.values(spec.definitions ?? {})) {
  if (definition.type === "object" && definition.properties && definition.additionalProperties === undefined) {
    definition.additionalProperties = false;
  }
}

// `nullable` without `type` is not valid OpenAPI 3.0, and prism's validator silently validates nothing at all then.
function repair(value) {
  if (Array.isArray(value)) return value.forEach(repair);
  if (value === null || typeof value !== "object") return;
  Object.values(value).forEach(repair);
  if (value.nullable === true && value.type === undefined) {
    const { nullable, ...rest } = value;
    for (const key of Object.keys(value)) delete value[key];
    value.anyOf = [rest, { not: { anyOf: ["string", "number", "boolean", "object", "array"].map((type) => ({ type })) } }];
  }
}
if (spec.openapi) {
  repair(spec.paths);
  repair(spec.components.schemas);
  repair(spec.components.responses);
}

// A schema that does not compile would be no check at all: better no proxy.
const ajv = require(path.join(modules, "ajv"));
const { compile } = (ajv.default ?? ajv).prototype;
(ajv.default ?? ajv).prototype.compile = function (...schema) {
  try {
    return compile.apply(this, schema);
  } catch (error) {
    console.error(`prism cannot validate: ${error.message}`);
    process.exit(1);
  }
};

// Prism's idea of a URL has no room for one of this machine, nor for an empty one.
const text = JSON.stringify(spec).replaceAll('"format":"url"', '"format":"any-url"').replaceAll('"format":"ssh-url"', '"format":"any-url"');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prism-"));
const file = path.join(folder, "api.json");
fs.writeFileSync(file, text);
const end = () => {
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.stdin.on("end", end).on("error", end).resume();

process.argv.splice(2, 4, "proxy", "--errors", "-h", "127.0.0.1", "-p", port, file, upstream);
require(path.join(modules, "@stoplight/prism-cli/dist/index.js"));
