// Who buys again and again? A rule finds them, pages list them, a tag marks one.
import type { Client } from "./client.js";
import { graphql } from "./generated/gql.js";
import type { LoyalQuery, Rule } from "./generated/graphql.js";

export type LoyalCustomer = LoyalQuery["customers"]["edges"][number]["node"];

/** At least this many orders in the last half year, the newest in the last 90 days. The compiler knows the language of rules. */
export function loyal(orders: number): Rule {
  return {
    all: [
      { event: { names: ["Order Completed"], within: { last: "P6M" }, is: { gte: orders } } },
      { event: { names: ["Order Completed"], within: { last: "P90D" } } },
    ],
  };
}

const Loyal = graphql(`
  query Loyal($where: Rule!, $after: String) {
    customers(where: $where, first: 10, after: $after) {
      edges {
        node {
          id
          name: attribute(name: "name") { value }
          orders: events(names: ["Order Completed"], first: 1) {
            totalCount
            edges { node { occurredAt amount } }
          }
        }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
`);

/** Everybody the rule finds. A page is fetched when the one before has been used up. */
export async function* customersWho(client: Client, where: Rule): AsyncGenerator<LoyalCustomer> {
  let after: string | null = null;
  do {
    const { customers }: LoyalQuery = await client.ask(Loyal, { where, after });
    for (const { node } of customers.edges) yield node;
    after = customers.pageInfo.hasNextPage ? customers.pageInfo.endCursor : null;
  } while (after !== null);
}

const Mark = graphql(`
  mutation Mark($customer: ID!, $key: String!, $value: JSON!) {
    tagCustomer(customer: $customer, key: $key, value: $value) {
      customer { tags(keys: [$key]) { value computedAt } }
      userErrors { code message field }
    }
  }
`);

/** Sets a tag on a customer. */
export async function mark(client: Client, customer: string, key: string, value: unknown): Promise<void> {
  const { tagCustomer } = await client.ask(Mark, { customer, key, value });
  const [refusal] = tagCustomer.userErrors;
  if (refusal) throw new Error(`${refusal.code}: ${refusal.message}`);
}
