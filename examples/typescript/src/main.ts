// npm start: lists loyal customers, tags the first, and then tells what happens until it is stopped.
import { Client } from "./client.js";
import { customersWho, loyal, mark } from "./loyal.js";
import { watchMerges, watchOrders } from "./watch.js";

const { ONECDP_URL = "http://127.0.0.1:8080", ONECDP_KEY = "" } = process.env;

async function tell(client: Client): Promise<void> {
  let found = 0;
  for await (const { id, name, orders } of customersWho(client, loyal(3))) {
    if (++found === 1) await mark(client, id, "thank_you_card", "to be sent");
    console.log(`${id} ${name?.value ?? "(no name)"}: ${orders.totalCount} orders, the last on ${orders.edges[0]?.node.occurredAt}`);
  }
  console.log(`${found} loyal customers; the first gets a thank-you card`);

  await Promise.all([watchOrders(client, console.log), watchMerges(client, console.log)]);
}

try {
  if (!ONECDP_KEY) throw new Error("set ONECDP_KEY to a key with the scopes read and manage");
  await tell(new Client(ONECDP_URL, ONECDP_KEY));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
