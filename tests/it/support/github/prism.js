// Starts `prism proxy --errors` for the parts of GitHub's description that a release tool may use: node prism.js PORT UPSTREAM,
// in the folder that has `node_modules`. Ends when its standard input closes.
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");

const [port, upstream] = process.argv.slice(2);
const modules = path.join(process.cwd(), "node_modules");
const spec = JSON.parse(fs.readFileSync(path.join(modules, "@octokit/openapi/generated/api.github.com.json"), "utf8"));

// The whole description takes prism twelve seconds to read; a path that is not here is refused all the same.
const wanted = /^\/(user|rate_limit|repos\/\{owner\}\/\{repo\}(\/(actions|branches|check-|commits|compare|deployments|environments|git|issues|merges|pulls|rules|statuses).*)?)$/;
spec.paths = Object.fromEntries(Object.entries(spec.paths).filter(([name]) => wanted.test(name)));
delete spec.webhooks;
delete spec["x-webhooks"];

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
repair(spec.paths);
repair(spec.components.schemas);
repair(spec.components.responses);

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

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prism-"));
const file = path.join(folder, "github.json");
fs.writeFileSync(file, JSON.stringify(spec));
const end = () => {
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.stdin.on("end", end).on("error", end).resume();

process.argv.splice(2, 2, "proxy", "--errors", "-h", "127.0.0.1", "-p", port, file, upstream);
require(path.join(modules, "@stoplight/prism-cli/dist/index.js"));
