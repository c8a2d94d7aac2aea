// What happens right now: events as they are stored, customers as they turn out to be one person.
import type { Client } from "./client.js";
import { graphql } from "./generated/gql.js";

const Events = graphql(`
  subscription Events($names: [String!]) {
    eventIngested(names: $names) { name amount channel customer { id } }
  }
`);

const Merges = graphql(`
  subscription Merges {
    customerMerged { mergedId reason survivor { id } }
  }
`);

/** Calls tell with a line for each order. */
export async function watchOrders(client: Client, tell: (line: string) => void): Promise<void> {
  for await (const { eventIngested: event } of client.watch(Events, { names: ["Order Completed"] })) {
    tell(`an order of ${event.amount ?? "?"} by ${event.customer.id} (${event.channel ?? "no channel"})`);
  }
}

/** Calls tell with a line for each merge. */
export async function watchMerges(client: Client, tell: (line: string) => void): Promise<void> {
  for await (const { customerMerged: merge } of client.watch(Merges, {})) {
    tell(`${merge.mergedId} is the same person as ${merge.survivor.id}: ${merge.reason}`);
  }
}
