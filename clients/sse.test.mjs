// Event streams: what npm's graphql-sse does with us, each operation on a connection of its own.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { createClient } from "graphql-sse";
import { api, ask, authorization, whileEventsHappen } from "./server.js";

const client = (options = {}) => createClient({ url: api.href, headers: { authorization }, retryAttempts: 0, ...options });

const open = (request, { key = authorization, accept = "text/event-stream", method = "POST" } = {}) => {
  const headers = { authorization: key, accept };
  if (method === "GET") return fetch(`${api.href}?${new URLSearchParams(request)}`, { headers });
  return fetch(api, { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(request) });
};

async function collect(from, request) {
  const answers = [];
  for await (const answer of from.iterate(request)) answers.push(answer);
  return answers;
}

test("queries and mutations go over a stream", async () => {
  const [answer] = await collect(client(), { query: "{ __typename }" });
  assert.deepEqual(answer.data, { __typename: "Query" });
  const [written] = await collect(client(), {
    query: 'mutation ($value: String!) { track(record: {identities: [{type: "user_id", value: $value}]}) { status } }',
    variables: { value: randomUUID() },
  });
  assert.deepEqual(written.data, { track: { status: "ACCEPTED" } });
});

test("what is refused is told in the stream", async () => {
  const [answer] = await collect(client(), { query: "subscription { nothing }" });
  assert.equal(answer.errors[0].extensions.code, "BAD_USER_INPUT");
  assert.equal("data" in answer, false);
});

test("a wrong key and what cannot be read are answered by HTTP", async () => {
  await assert.rejects(collect(client({ headers: { authorization: "Bearer wrong" } }), { query: "{ __typename }" }), /401/);
  assert.equal((await open({ query: 5 })).status, 400);
  assert.equal((await open({ query: "mutation { __typename }" }, { method: "GET" })).status, 405);
});

test("a stream ends with complete", async () => {
  for (const method of ["POST", "GET"]) {
    const answer = await open({ query: "{ __typename }" }, { method });
    assert.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.match(await answer.text(), /^:\n\nevent: next\ndata: \{"data":\{"__typename":"Query"\}.*\}\n\nevent: complete\ndata:\n\n$/);
  }
});

for (const [name, accept] of [
  ["graphql-sse", "text/event-stream"],
  ["urql", "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"],
]) {
  test(`events are told while they happen, as ${name} accepts them`, { timeout: 30_000 }, async () => {
    const event = `event ${randomUUID()}`;
    const headers = { authorization };
    const fetchFn = (url, init) => fetch(url, { ...init, headers: { ...init.headers, accept } });
    const events = client({ headers, fetchFn }).iterate({
      query: "subscription ($names: [String!]) { eventIngested(names: $names) { name } }",
      variables: { names: [event] },
    });
    const { value } = await whileEventsHappen(event, events.next());
    assert.deepEqual(value.data, { eventIngested: { name: event } });
    await events.return();
  });
}

test("a revoked key is told so, and nothing more", { timeout: 30_000 }, async () => {
  const name = `watcher ${randomUUID()}`;
  const { createApiKey } = await ask(
    "mutation ($name: String!) { createApiKey(name: $name, scopes: [READ]) { secret userErrors { message } } }", { name });
  const answer = await open({ query: 'subscription { eventIngested(names: ["nothing"]) { id } }' }, { key: `Bearer ${createApiKey.secret}` });
  await ask("mutation ($name: String!) { revokeApiKey(name: $name) { userErrors { message } } }", { name });
  const text = await answer.text();
  assert.match(text, /event: next\ndata: \{"errors":\[\{[^\n]*"code":"UNAUTHENTICATED"[^\n]*\n\nevent: complete\ndata:\n\n$/);
});
