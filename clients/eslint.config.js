import graphql from "@graphql-eslint/eslint-plugin";

const { "flat/schema-recommended": recommended, "flat/schema-relay": relay } = graphql.configs;

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "build/schema.graphql" } },
    },
    rules: {
      ...recommended.rules,
      ...relay.rules,
      // Pages go forward only: there is nothing for last and before to do.
      "@graphql-eslint/relay-arguments": "off",
      // The rule forbids names that end in Type; IdentityType, a type of identities, is called so by everybody.
      "@graphql-eslint/naming-convention": "off",
      // Only what has a global id has an id: a page, a payload and a tag's value have none.
      "@graphql-eslint/strict-id-in-types": "off",
      // Merge.mergedAt says more than Merge.at.
      "@graphql-eslint/no-typename-prefix": "off",
    },
  },
];
