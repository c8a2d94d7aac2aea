import type { CodegenConfig } from "@graphql-codegen/cli";

const { ONECDP_URL = "http://127.0.0.1:8080", ONECDP_KEY } = process.env;
if (!ONECDP_KEY) {
  console.error("set ONECDP_KEY to a key with the scope read: the schema comes from the server");
  process.exit(1);
}

// The types of exactly the operations in src/, from the server's own schema.
const config: CodegenConfig = {
  schema: {
    [`${ONECDP_URL.replace(/\/+$/, "")}/graphql`]: {
      headers: { authorization: `Bearer ${ONECDP_KEY}` },
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
