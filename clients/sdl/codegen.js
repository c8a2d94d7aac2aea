// The types of a client that asks what examples/queries ask.
export default {
  schema: "build/schema.graphql",
  documents: "../examples/queries/*.graphql",
  generates: {
    "build/codegen/": {
      preset: "client",
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        scalars: { Time: "string", Duration: "string", JSON: "unknown" },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};
