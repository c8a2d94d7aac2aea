// WebSockets: what npm's graphql-ws does with us, and each way in which a connection ends.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { api, ask, authorization, socket, whileEventsHappen } from "./server.js";

const subprotocol = "graphql-transport-ws";
const forbidden = 4403;

const opened = new Set();
after(() => opened.forEach((connection) => connection.terminate()));

/** A connection whose messages and close are waited for one by one. */
async function connect({ protocols = [subprotocol], ...options } = {}) {
  const connection = new WebSocket(socket, protocols, options);
  opened.add(connection);
  const messages = [];
  const waiting = [];
  const deliver = () => {
    while (messages.length && waiting.length) waiting.shift()(messages.shift());
  };
  connection.on("message", (data) => {
    messages.push(JSON.parse(data));
    deliver();
  });
  const closed = new Promise((resolve) => connection.on("close", (code, reason) => resolve({ code, reason: String(reason) })));
  await new Promise((resolve, reject) => connection.once("open", resolve).once("error", reject));
  return {
    closed,
    send: (message) => connection.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        deliver();
      }),
    end: () => connection.close(1000),
  };
}

async function signedIn() {
  const connection = await connect();
  connection.send({ type: "connection_init", payload: { authorization } });
  assert.deepEqual(await connection.next(), { type: "connection_ack" });
  return connection;
}

const client = (options = {}) => createClient({ url: socket.href, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0, ...options });

async function collect(from, request) {
  const answers = [];
  for await (const answer of from.iterate(request)) answers.push(answer);
  return answers;
}

test("queries and mutations go over a connection", async () => {
  const one = client();
  assert.deepEqual(
    (await collect(one, { query: "query A($n: Int) { customers(first: $n) { __typename } }", variables: { n: 1 } })).map(({ data }) => data),
    [{ customers: { __typename: "CustomerConnection" } }],
  );
  const value = randomUUID();
  const [answer] = await collect(one, {
    query: 'mutation ($value: String!) { track(record: {identities: [{type: "user_id", value: $value}]}) { status } }',
    variables: { value },
  });
  assert.deepEqual(answer.data, { track: { status: "ACCEPTED" } });
  await one.dispose();
});

test("what is refused is an error with the id of its operation", async () => {
  const connection = await signedIn();
  connection.send({ id: "a", type: "subscribe", payload: { query: "{ nothing }" } });
  const message = await connection.next();
  assert.equal(message.id, "a");
  assert.equal(message.type, "error");
  assert.equal(message.payload[0].extensions.code, "BAD_USER_INPUT");
  connection.send({ id: "a", type: "subscribe", payload: { query: "{ __typename }" } }); // the id is free again
  const next = await connection.next();
  assert.deepEqual([next.id, next.type, next.payload.data], ["a", "next", { __typename: "Query" }]);
  assert.deepEqual(await connection.next(), { id: "a", type: "complete" });
  connection.end();
});

test("pings are answered, before and after signing in", async () => {
  const connection = await connect();
  connection.send({ type: "ping" });
  assert.deepEqual(await connection.next(), { type: "pong" });
  connection.send({ type: "pong", payload: { any: "thing" } });
  connection.send({ type: "connection_init", payload: { Authorization: authorization } });
  assert.deepEqual(await connection.next(), { type: "connection_ack" });
  connection.send({ type: "ping", payload: {} });
  assert.deepEqual(await connection.next(), { type: "pong" });
  connection.end();
});

test("the key may be in the header of the upgrade", async () => {
  const connection = await connect({ headers: { authorization } });
  connection.send({ type: "connection_init" });
  assert.deepEqual(await connection.next(), { type: "connection_ack" });
  connection.end();
});

const init = { type: "connection_init", payload: { authorization } };
const watch = { id: "a", type: "subscribe", payload: { query: 'subscription { eventIngested(names: ["nothing"]) { id } }' } };
for (const [name, code, messages, options] of [
  ["a text that is no JSON", 4400, ["hello"]],
  ["an unknown type", 4400, [{ type: "start" }]],
  ["a message of the server's", 4400, [init, { id: "a", type: "next", payload: {} }]],
  ["no id", 4400, [init, { type: "subscribe", payload: { query: "{ __typename }" } }]],
  ["no query", 4400, [init, { id: "a", type: "subscribe", payload: {} }]],
  ["variables that are no object", 4400, [init, { id: "a", type: "subscribe", payload: { query: "{ __typename }", variables: [] } }]],
  ["a binary message", 4400, [Buffer.from('{"type":"ping"}')]],
  ["an operation before the key", 4401, [watch]],
  ["a wrong key", forbidden, [{ ...init, payload: { authorization: "Bearer wrong" } }]],
  ["no key", forbidden, [{ type: "connection_init" }]],
  ["another scheme", forbidden, [{ ...init, payload: { authorization: "Basic wrong" } }], { headers: { authorization } }],
  ["an older subprotocol", 4406, [], { protocols: ["graphql-ws"] }],
  ["no subprotocol", 4406, [], { protocols: [] }],
  ["an id in use", 4409, [init, watch, watch]],
  ["the key twice", 4429, [init, init]],
]) {
  test(`${code} closes: ${name}`, { timeout: 10_000 }, async () => {
    const connection = await connect(options);
    for (const message of messages) connection.send(message);
    assert.equal((await connection.closed).code, code);
  });
}

test("4408 closes: no key in time", { timeout: 15_000 }, async () => {
  const connection = await connect();
  assert.equal((await connection.closed).code, 4408);
});

test("pages of other origins may not connect", async () => {
  await assert.rejects(connect({ origin: "https://other.example" }), /403/);
  const connection = await connect({ origin: api.origin });
  connection.end();
});

test("at most 100 operations run at once", { timeout: 10_000 }, async () => {
  const connection = await signedIn();
  for (let i = 0; i <= 100; i++) connection.send({ ...watch, id: String(i) });
  const message = await connection.next();
  assert.deepEqual([message.id, message.type, message.payload[0].extensions.code], ["100", "error", "RATE_LIMITED"]);
  for (let i = 0; i < 100; i++) connection.send({ id: String(i), type: "complete" });
  connection.send({ id: "again", type: "subscribe", payload: { query: "{ __typename }" } });
  assert.equal((await connection.next()).id, "again");
  connection.end();
});

test("events are told while they happen", { timeout: 30_000 }, async () => {
  const name = `event ${randomUUID()}`;
  const watching = client();
  const events = watching.iterate({ query: "subscription ($names: [String!]) { eventIngested(names: $names) { name } }", variables: { names: [name] } });
  const { value } = await whileEventsHappen(name, events.next());
  assert.deepEqual(value.data, { eventIngested: { name } });
  await events.return();
  await watching.dispose();
});

test("a revoked key is told nothing more", { timeout: 30_000 }, async (t) => {
  const name = `watcher ${randomUUID()}`;
  const { createApiKey } = await ask(
    "mutation ($name: String!) { createApiKey(name: $name, scopes: [READ]) { secret userErrors { message } } }", { name });
  const connection = await connect();
  connection.send({ ...init, payload: { authorization: `Bearer ${createApiKey.secret}` } });
  assert.deepEqual(await connection.next(), { type: "connection_ack" });
  connection.send(watch);
  await ask("mutation ($name: String!) { revokeApiKey(name: $name) { userErrors { message } } }", { name });
  const revoked = Date.now();
  assert.deepEqual(await connection.closed, { code: forbidden, reason: "Forbidden" });
  t.diagnostic(`closed after ${Date.now() - revoked} ms`);
});
