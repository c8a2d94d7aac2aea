// npm run lint-sdl: everybody's tools over the schema, each as its users run it. It ends with 1 when one of them complains.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tools = [
  ["graphql-eslint: schema-recommended and schema-relay", "eslint", "--max-warnings", "0", "build/schema.graphql"],
  // What the comments in the schema switch off is one check of one rule; the rest of it holds without them.
  ["graphql-eslint: nothing else hides behind a comment", "eslint", "--no-inline-config", "build/schema.graphql",
    "--rule", '{"@graphql-eslint/relay-edge-types": ["error", {"listTypeCanWrapOnlyEdgeType": false}]}'],
  ["graphql-schema-linter", "graphql-schema-linter", "build/schema.graphql"],
  ["relay-compiler", "relay-compiler", "relay.config.json"],
  ["graphql-codegen", "graphql-codegen", "--config", "sdl/codegen.js", "--silent"],
  ["tsc --strict over what graphql-codegen wrote", "tsc", "--project", "sdl/tsconfig.json"],
];

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("build", { recursive: true, force: true });
mkdirSync("build/relay", { recursive: true }); // relay-compiler makes no folders
writeFileSync("build/schema.graphql", execFileSync("go", ["run", "./sdl"])); // what the server answers at /schema.graphql
let complaints = 0;
for (const [what, tool, ...args] of tools) {
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${tool}`, args, { encoding: "utf8" });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${what}`);
  if (status !== 0) {
    complaints++;
    console.log(stdout + stderr);
  }
}
process.exitCode = complaints === 0 ? 0 : 1;
