// Apollo Client, as an application would set it up.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { api, authorization, newPeople, recorded, socket, whileEventsHappen } from "./server.js";

globalThis.WebSocket ??= WebSocket; // as browsers have it, and Node from version 22

const http = (options) => new HttpLink({ uri: api.href, headers: { authorization }, ...options });
const client = (link = http()) => new ApolloClient({ link, cache: new InMemoryCache() });
const sha256 = async (text) => createHash("sha256").update(text).digest("hex");

test("a query with variables answers, and the cache knows customers by their id", async () => {
  const { ids, where } = await newPeople(2);
  const apollo = client();
  const { data } = await apollo.query({
    query: gql`
      query People($where: Rule, $first: Int!) {
        customers(where: $where, first: $first) {
          totalCount
          edges { node { id attribute(name: "number") { value } } }
        }
      }
    `,
    variables: { where, first: 10 },
  });
  assert.equal(data.customers.totalCount, 2);
  assert.deepEqual(new Set(data.customers.edges.map(({ node }) => node.id)), new Set(ids));
  const kept = apollo.readFragment({ id: `Customer:${ids[0]}`, fragment: gql`fragment Kept on Customer { id attribute(name: "number") { value } }` });
  assert.equal(kept.attribute.value, 0);
});

test("a mutation answers", async () => {
  const { ids: [customer] } = await newPeople(1);
  const { data } = await client().mutate({
    mutation: gql`
      mutation Tag($customer: ID!, $value: JSON!) {
        tagCustomer(customer: $customer, key: "clients_level", value: $value) {
          customer { id tags { tag { key } value } }
          userErrors { code }
        }
      }
    `,
    variables: { customer, value: ["tea", 12] },
  });
  assert.deepEqual(data.tagCustomer.userErrors, []);
  assert.deepEqual(data.tagCustomer.customer.tags[0].value, ["tea", 12]);
});

test("an error carries its code and its place", async () => {
  const refused = client().query({ query: gql`query Refused($where: Rule) { customers(where: $where) { totalCount } }`, variables: { where: { any: [{ bucket: { salt: "x" } }] } } });
  await assert.rejects(refused, (error) => {
    assert.ok(CombinedGraphQLErrors.is(error));
    assert.equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
    assert.deepEqual(error.errors[0].extensions.inputPath.slice(0, 4), ["where", "any", 0, "bucket"]);
    return true;
  });
});

test("a query that is no query is refused with a code", async () => {
  const refused = client().query({ query: gql`{ customers { noSuchField } }` });
  await assert.rejects(refused, (error) => CombinedGraphQLErrors.is(error) && error.errors[0].extensions.code === "BAD_USER_INPUT");
});

test("fetchMore goes through all pages", async () => {
  const { ids, where } = await newPeople(7);
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { customers: relayStylePagination(["where"]) } } } });
  const list = new ApolloClient({ link: http(), cache }).watchQuery({
    query: gql`
      query Pages($where: Rule, $after: String) {
        customers(where: $where, first: 3, after: $after) {
          edges { cursor node { id } }
          pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
        }
      }
    `,
    variables: { where },
  });
  const shown = new Promise((resolve, reject) => {
    list.subscribe(({ data, error }) => {
      if (error) reject(error);
      else if (data?.customers.pageInfo.hasNextPage === false) resolve(data.customers.edges);
    });
  });
  let pages = 1;
  for (let { data } = await list.refetch(); data.customers.pageInfo.hasNextPage; pages++) {
    ({ data } = await list.fetchMore({ variables: { after: data.customers.pageInfo.endCursor } }));
  }
  const edges = await shown;
  list.stop();
  assert.equal(pages, 3);
  assert.equal(edges.length, 7);
  assert.deepEqual(new Set(edges.map(({ node }) => node.id)), new Set(ids));
});

for (const [method, useGETForHashedQueries] of [["POST", false], ["GET", true]]) {
  test(`persisted queries by ${method}: the text goes once, then the hash alone`, async () => {
    const { ids: [id] } = await newPeople(1);
    const { fetch, requests } = recorded();
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http({ fetch }));
    const query = gql`query Persisted${randomUUID().replaceAll("-", "")}($id: ID!) { customer(id: $id) { id } }`;
    for (let round = 0; round < 2; round++) {
      const { data } = await client(link).query({ query, variables: { id } });
      assert.equal(data.customer.id, id);
    }
    assert.deepEqual(requests.map(({ text }) => text), [false, true, false], "the hash, the text, the hash again");
    assert.equal(requests[0].method, method);
    assert.equal(requests[2].method, method);
    assert.equal(new Set(requests.map(({ hash }) => hash)).size, 1);
  });
}

test("a subscription over WebSocket tells what is stored", async () => {
  const name = `event ${randomUUID()}`;
  const ws = createClient({ url: socket.href, connectionParams: { authorization }, retryAttempts: 0 });
  const events = client(new GraphQLWsLink(ws)).subscribe({
    query: gql`subscription Events($names: [String!]) { eventIngested(names: $names) { id name amount customer { id } } }`,
    variables: { names: [name] },
  });
  const told = new Promise((resolve, reject) => {
    events.subscribe({ next: ({ data, error }) => (error ? reject(error) : resolve(data.eventIngested)), error: reject });
  });
  const event = await whileEventsHappen(name, told);
  await ws.dispose();
  assert.equal(event.name, name);
  assert.equal(event.amount, 12.5);
  assert.ok(event.customer.id);
});
