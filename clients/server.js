// The server that the tests speak to, and a few people in it.
import { randomUUID } from "node:crypto";

/** Where the API is: ONECDP_URL is the server's address, ONECDP_KEY a key that may do everything. */
export const api = new URL("/graphql", process.env.ONECDP_URL ?? "http://127.0.0.1:8080");

/** The same over WebSocket. */
export const socket = new URL(api.href.replace(/^http/, "ws"));

export const authorization = `Bearer ${process.env.ONECDP_KEY ?? ""}`;

/** Asks without any client: what a test prepares and looks up. */
export async function ask(query, variables) {
  const answer = await fetch(api, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Makes customers whom nobody else knows, and a rule that finds exactly them. */
export async function newPeople(count) {
  const city = `city ${randomUUID()}`;
  const records = Array.from({ length: count }, (_, i) => ({
    source: "clients",
    messageId: randomUUID(),
    identities: [{ type: "user_id", value: randomUUID() }],
    attributes: { city, number: i },
  }));
  const { ingest } = await ask("mutation ($records: [RecordInput!]!) { ingest(records: $records) { results { customer { id } } } }", { records });
  return {
    ids: ingest.results.map(({ customer }) => customer.id),
    where: { attribute: { name: "city", is: { equals: city } } },
  };
}

/** Waits for what a subscription tells. Until then events of this name happen again and again: nothing says that the watching has begun. */
export async function whileEventsHappen(name, told) {
  const event = () => ({
    source: "clients",
    messageId: randomUUID(),
    identities: [{ type: "user_id", value: randomUUID() }],
    event: { name, properties: { amount: 12.5 } },
  });
  const track = "mutation ($record: RecordInput!) { track(record: $record) { status } }";
  const happening = setInterval(() => ask(track, { record: event() }).catch(() => {}), 200);
  try {
    return await told;
  } finally {
    clearInterval(happening);
  }
}

/** fetch, and the requests that went through it, as { method, text: whether it carried the query's text, hash, status }. */
export function recorded() {
  const requests = [];
  return {
    requests,
    async fetch(url, init) {
      const method = init.method ?? "GET";
      const { query, extensions } = method === "POST" ? JSON.parse(init.body) : Object.fromEntries(new URL(url).searchParams);
      const { persistedQuery } = (typeof extensions === "string" ? JSON.parse(extensions) : extensions) ?? {};
      const answer = await fetch(url, init);
      requests.push({ method, text: Boolean(query), hash: persistedQuery?.sha256Hash, status: answer.status });
      return answer;
    },
  };
}
