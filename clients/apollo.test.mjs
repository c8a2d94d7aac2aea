// Apollo Client, as an application would set it up.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { api, authorization, newPeople, recorded, socket, whileEventsHappen } from "./server.js";

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

/** As docs/clients.md says: subscriptions over a WebSocket, everything else over HTTP. */
function both({ fetch, key = authorization } = {}) {
  const webSocket = createClient({
    url: socket.href,
    webSocketImpl: WebSocket, // Node 20 has none
    connectionParams: { authorization: key },
    shouldRetry: (event) => event?.code !== 4403,
    retryWait: async () => {},
  });
  const persisted = new PersistedQueryLink({ sha256 });
  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION, new GraphQLWsLink(webSocket), persisted.concat(http({ fetch })));
  return { webSocket, apollo: client(link) };
}

test("one client asks over HTTP and watches over a WebSocket", async () => {
  const name = `event ${randomUUID()}`;
  const { fetch, requests } = recorded();
  const { webSocket, apollo } = both({ fetch });
  const events = apollo.subscribe({
    query: gql`subscription Events($names: [String!]) { eventIngested(names: $names) { id name amount customer { id } } }`,
    variables: { names: [name] },
  });
  const told = new Promise((resolve, reject) => {
    events.subscribe({ next: ({ data, error }) => (error ? reject(error) : resolve(data.eventIngested)), error: reject });
  });
  const event = await whileEventsHappen(name, told);
  assert.equal(requests.length, 0);
  await apollo.query({ query: gql`{ customers(first: 1) { totalCount } }` });
  assert.ok(requests.length > 0 && requests[0].hash);
  await webSocket.dispose();
  assert.equal(event.name, name);
  assert.equal(event.amount, 12.5);
  assert.ok(event.customer.id);
});

test("a key that does not work is told at once, and not tried again", { timeout: 10_000 }, async () => {
  const { webSocket, apollo } = both({ key: "Bearer wrong" });
  let connections = 0;
  webSocket.on("opened", () => connections++);
  const refused = new Promise((resolve) => {
    apollo.subscribe({ query: gql`subscription { customerMerged { id } }` }).subscribe({ next: ({ error }) => error && resolve(error), error: resolve });
  });
  await refused;
  assert.equal(connections, 1);
  await webSocket.dispose();
});
