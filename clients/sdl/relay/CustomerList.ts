// A page of an application that uses Relay: what relay-compiler checks the schema with. It is compiled, not run.
import { graphql } from "react-relay";

export const list = graphql`
  query CustomerListQuery($where: Rule, $count: Int!) {
    ...CustomerList_customers @arguments(where: $where, count: $count)
  }
`;

// Relay writes the query for the next page itself, from the connection's edges, cursors and pageInfo.
export const page = graphql`
  fragment CustomerList_customers on Query
  @argumentDefinitions(where: { type: "Rule" }, count: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "CustomerListNextPageQuery") {
    customers(where: $where, first: $count, after: $after) @connection(key: "CustomerList_customers") {
      totalCount
      edges {
        node {
          id
          ...CustomerCard_customer
        }
      }
    }
  }
`;
