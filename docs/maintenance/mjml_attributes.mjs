// Writes newsletter/rendering/data/mjml.json: which attributes each MJML component has, and of what type, read from
// the component tables of the official compiler. Needs Node, only here: see mjml.md beside this file.
//
//   node docs/maintenance/mjml_attributes.mjs FOLDER > newsletter/rendering/data/mjml.json
//
// FOLDER is where `npm install mjml@VERSION` was run.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const folder = resolve(process.argv[2] ?? ".");
const require = createRequire(`${folder}/`);
const plain = (module) => module.default ?? module;
const { components } = plain(require("mjml-preset-core"));
const colours = plain(require("mjml-core/lib/types/helpers/colors"));
const { version } = JSON.parse(readFileSync(`${folder}/node_modules/mjml/package.json`, "utf8"));
const licence = readFileSync(`${folder}/node_modules/mjml-core/LICENSE.md`, "utf8");

const sorted = (record) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
const attributes = components.map((each) => [each.componentName, sorted(each.allowedAttributes ?? {})]);

const table = {
  source: `The component tables of mjml ${version} (npm)`,
  date: new Date().toISOString().slice(0, 10),
  licence: licence.trim().split("\n"),
  colours,
  components: sorted(Object.fromEntries(attributes)),
};
process.stdout.write(`${JSON.stringify(table, null, 1)}\n`);
