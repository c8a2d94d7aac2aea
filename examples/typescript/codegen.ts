import type { CodegenConfig } from "@graphql-codegen/cli";

// The types of exactly the operations in src/, from the server's own schema.
const config: CodegenConfig = {
  schema: {
    [new URL("/graphql", process.env.ONECDP_URL ?? "http://127.0.0.1:8080").href]: {
      headers: { authorization: `Bearer ${process.env.ONECDP_KEY}` },
    },
  },
  documents: ["src/**/*.ts", "!src/generated/**"],
  importExtension: ".js", // as Node wants it
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string", // no parser in the program
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { Time: "string", Duration: "string", JSON: "unknown" },
        useTypeImports: true,
      },
    },
  },
};

export default config;
