// urql, as an application would set it up.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { pipe, subscribe } from "wonka";
import WebSocket from "ws";
import { api, authorization, newPeople, recorded, socket, whileEventsHappen } from "./server.js";

const client = (options) => new Client({
  url: api.href,
  exchanges: [cacheExchange, fetchExchange],
  fetchOptions: { headers: { authorization } },
  preferGetMethod: false,
  ...options,
});

test("a query with variables answers", async () => {
  const { ids, where } = await newPeople(2);
  const { data, error } = await client().query(
    gql`
      query People($where: Rule, $first: Int!) {
        customers(where: $where, first: $first) { totalCount edges { node { id attributes } } }
      }
    `,
    { where, first: 10 },
  );
  assert.equal(error, undefined);
  assert.equal(data.customers.totalCount, 2);
  assert.deepEqual(new Set(data.customers.edges.map(({ node }) => node.id)), new Set(ids));
});

test("a query by GET answers", async () => {
  const { ids: [id] } = await newPeople(1);
  const { fetch, requests } = recorded();
  const { data } = await client({ fetch, preferGetMethod: "force" }).query(gql`query One($id: ID!) { customer(id: $id) { id } }`, { id });
  assert.equal(data.customer.id, id);
  assert.equal(requests[0].method, "GET");
});

test("a mutation answers", async () => {
  const { ids: [customer] } = await newPeople(1);
  const { data, error } = await client().mutation(
    gql`
      mutation Tag($customer: ID!) {
        tagCustomer(customer: $customer, key: "clients_level", value: "gold") {
          customer { id tags { tag { key } value } }
          userErrors { code }
        }
      }
    `,
    { customer },
  );
  assert.equal(error, undefined);
  assert.equal(data.tagCustomer.customer.tags[0].value, "gold");
});

test("an error carries its code and its place, beside the data of other fields", async () => {
  const { data, error } = await client().query(gql`{ known: segment(key: "no such segment") { key } refused: node(id: "no id") { id } }`, {});
  assert.deepEqual(data, { known: null, refused: null });
  assert.equal(error.graphQLErrors[0].extensions.code, "BAD_USER_INPUT");
  assert.deepEqual(error.graphQLErrors[0].path, ["refused"]);
});

test("a wrong key is told apart from a broken network", async () => {
  const { error } = await client({ fetchOptions: { headers: { authorization: "Bearer nobody" } } }).query(gql`{ __typename }`, {});
  assert.equal(error.response.status, 401);
  assert.equal(error.graphQLErrors[0].extensions.code, "UNAUTHENTICATED");
});

test("pages follow one another", async () => {
  const { ids, where } = await newPeople(5);
  const urql = client();
  const page = gql`
    query Pages($where: Rule, $after: String) {
      customers(where: $where, first: 2, after: $after) {
        edges { node { id } }
        pageInfo { endCursor hasNextPage }
      }
    }
  `;
  const found = [];
  for (let after = null, more = true; more; ) {
    const { data } = await urql.query(page, { where, after });
    found.push(...data.customers.edges.map(({ node }) => node.id));
    ({ endCursor: after, hasNextPage: more } = data.customers.pageInfo);
  }
  assert.equal(found.length, 5);
  assert.deepEqual(new Set(found), new Set(ids));
});

for (const [method, preferGetForPersistedQueries] of [["POST", false], ["GET", "force"]]) {
  test(`persisted queries by ${method}: the text goes once, then the hash alone`, async () => {
    const { ids: [id] } = await newPeople(1);
    const { fetch, requests } = recorded();
    const query = gql(`query Persisted${randomUUID().replaceAll("-", "")}($id: ID!) { customer(id: $id) { id } }`);
    for (let round = 0; round < 2; round++) {
      const urql = client({ fetch, exchanges: [persistedExchange({ preferGetForPersistedQueries }), fetchExchange] });
      const { data, error } = await urql.query(query, { id });
      assert.equal(error, undefined);
      assert.equal(data.customer.id, id);
    }
    assert.deepEqual(requests.map(({ text }) => text), [false, true, false], "the hash, the text, the hash again");
    assert.deepEqual([requests[0].method, requests[2].method], [method, method]);
    assert.equal(new Set(requests.map(({ hash }) => hash)).size, 1);
  });
}

const watch = gql`subscription Events($names: [String!]) { eventIngested(names: $names) { id name amount } }`;

async function watchOne(urql) {
  const name = `event ${randomUUID()}`;
  let watching;
  const told = new Promise((resolve, reject) => {
    watching = pipe(urql.subscription(watch, { names: [name] }), subscribe(({ data, error }) => (error ? reject(error) : resolve(data.eventIngested))));
  });
  const event = await whileEventsHappen(name, told);
  watching.unsubscribe();
  assert.equal(event.name, name);
  assert.equal(event.amount, 12.5);
}

test("a subscription over WebSocket tells what is stored", async () => {
  const ws = createClient({ url: socket.href, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 });
  const forward = (request) => ({ subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? "" }, sink) }) });
  try {
    await watchOne(client({ exchanges: [subscriptionExchange({ forwardSubscription: forward })] }));
  } finally {
    await ws.dispose();
  }
});

test("a subscription over server-sent events tells what is stored", async () => {
  await watchOne(client({ fetchSubscriptions: true }));
});
