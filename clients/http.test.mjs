// GraphQL over HTTP: the audits of graphql-http, and what they do not ask.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { api, authorization } from "./server.js";

const url = api.href;
const graphqlType = "application/graphql-response+json";

const fetchFn = (target, options = {}) => fetch(target, { ...options, headers: { ...options.headers, authorization } });

const post = (request, accept = graphqlType, headers = {}) =>
  fetchFn(url, { method: "POST", headers: { "content-type": "application/json", accept, ...headers }, body: JSON.stringify(request) });

const get = (request, accept = graphqlType) => fetchFn(url + "?" + new URLSearchParams(request), { headers: { accept } });

const audits = serverAudits({ url, fetchFn });
test("there are 61 audits", () => assert.equal(audits.length, 61));
for (const { id, name, fn } of audits) {
  test(`audit ${id}: ${name}`, async () => {
    const result = await fn();
    assert.equal(result.status, "ok", result.reason);
  });
}

test("a mutation by GET does nothing", async () => {
  const query = 'mutation { track(record: {identities: [{type: "user_id", value: "by-get"}]}) { status } }';
  const answer = await get({ query });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "POST");
  const found = await (await post({ query: '{ customerByIdentity(identity: {type: "user_id", value: "by-get"}) { id } }' })).json();
  assert.equal(found.data.customerByIdentity, null);
});

test("a subscription needs a stream", async () => {
  for (const accept of [graphqlType, "application/json", "*/*"]) {
    const answer = await post({ query: "subscription { customerMerged { id } }" }, accept);
    assert.equal(answer.status, 406);
    assert.equal((await answer.json()).errors[0].extensions.code, "BAD_USER_INPUT");
  }
});

test("what the client likes best is what it gets", async () => {
  for (const [accept, type] of [
    ["application/json;q=0.9, application/graphql-response+json", graphqlType],
    ["application/graphql-response+json;q=0.5, application/json;q=0.6", "application/json"],
    ["application/graphql-response+json, application/json, text/event-stream, multipart/mixed", graphqlType],
    ["text/html, */*;q=0.1", "application/json"],
    ["text/event-stream", "text/event-stream"],
  ]) {
    const answer = await post({ query: "{ __typename }" }, accept);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), type + "; charset=utf-8", accept);
    assert.match(await answer.text(), /"Query"/);
  }
  assert.equal((await post({ query: "{ __typename }" }, "image/png")).status, 406);
  assert.equal((await post({ query: "{ __typename }" }, "application/json;q=0")).status, 406);
});

test("numbers are not texts", async () => {
  const answer = await post({ query: "query ($n: Int) { customers(first: $n) { pageInfo { hasNextPage } } }", variables: { n: "5" } });
  assert.equal(answer.status, 400);
  assert.equal("data" in (await answer.json()), false);
});

test("a query is persisted by its hash", async () => {
  const query = `query Kept_${process.pid} { __typename }`;
  const extensions = { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } };
  const ask = (method, request, accept) => (method === "GET"
    ? get(Object.fromEntries(Object.entries(request).map(([k, v]) => [k, typeof v === "string" ? v : JSON.stringify(v)])), accept)
    : post(request, accept));
  for (const method of ["GET", "POST"]) {
    for (const [accept, status] of [["application/json", 200], [graphqlType, 400]]) {
      const answer = await ask(method, { extensions }, accept);
      assert.equal(answer.status, status);
      const [error] = (await answer.json()).errors;
      assert.equal(error.message, "PersistedQueryNotFound");
      assert.equal(error.extensions.code, "PERSISTED_QUERY_NOT_FOUND");
    }
  }
  const wrong = await post({ query: "{ customers { totalCount } }", extensions });
  assert.equal(wrong.status, 400);
  for (const request of [{ query, extensions }, { extensions }]) {
    for (const method of ["GET", "POST"]) {
      const answer = await ask(method, request);
      assert.deepEqual(await answer.json().then((a) => a.data), { __typename: "Query" });
    }
  }
});

test("pages of other sites are not served without asking", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const answer = await fetchFn(url, { method: "POST", headers: { "content-type": type }, body: '{"query":"{__typename}"}' });
    assert.equal(answer.status, 415);
  }
  assert.equal((await fetch(url + "?query={__typename}")).status, 401);
});

test("an id of the client comes back", async () => {
  const id = "0b9c6f0e-6a1f-4c7e-9d39-2f6f6f1c9a55";
  const answer = await post({ query: "{ __typename }" }, graphqlType, { "x-request-id": id });
  assert.equal(answer.headers.get("x-request-id"), id);
  const other = await post({ query: "{ __typename }" }, graphqlType, { "x-request-id": "13812345671" });
  assert.notEqual(other.headers.get("x-request-id"), "13812345671");
});
