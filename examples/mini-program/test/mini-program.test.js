// The whole way: the pages of the mini program, the back end, and a real server at ONECDP_URL with a key that may ingest and read.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import vm from "node:vm";
import { backEnd } from "../server/backend.js";
import { customersOf } from "../server/customers.js";
import { connect } from "../server/onecdp.js";

const { ONECDP_URL: url = "http://127.0.0.1:8080", ONECDP_KEY: key } = process.env;
const appid = "wx-example";
const person = { openid: `openid-${randomUUID()}`, unionid: `unionid-${randomUUID()}` };

let running; // the back end
let requests = []; // what it sent to the platform

before(async () => {
  const send = globalThis.fetch;
  globalThis.fetch = (to, init) => {
    if (String(to).startsWith(url)) requests.push(JSON.parse(init.body));
    return send(to, init);
  };
  // Instead of WeChat: the code says who it is.
  const people = { "code-1": person, "code-2": person };
  const exchange = async (code) => people[code] ?? Promise.reject(new Error("invalid code"));
  running = backEnd({ exchange, customers: customersOf({ ask: connect({ url, key }), appid }) }).listen(0, "127.0.0.1");
  await once(running, "listening");
});
after(() => running.close());

const door = (path, init) => fetch(`http://127.0.0.1:${running.address().port}${path}`, init).then((answer) => answer.json());
const login = (code) => door("/login", { method: "POST", body: JSON.stringify({ code }) });

/** The mini program on a telephone: its files, with a wx that does what WeChat's does. */
function telephone({ code, offline = false }) {
  let app, page;
  const wx = {
    login: ({ success }) => success({ code }),
    request: async ({ url, method, data, header, success, fail }) => {
      if (offline) return fail({ errMsg: "request:fail" });
      const answer = await fetch(url, { method, headers: header, body: data && JSON.stringify(data) });
      success({ statusCode: answer.status, data: await answer.json() }); // for every status
    },
  };
  const Page = (options) => { page = { ...options, setData(data) { Object.assign(this.data, data); } }; };
  const world = vm.createContext({ wx, App: (options) => { app = options; }, Page, getApp: () => app });
  for (const file of ["app.js", "pages/me/me.js"]) {
    vm.runInContext(readFileSync(new URL(`../client/${file}`, import.meta.url), "utf8"), world);
  }
  app.backEnd = `http://127.0.0.1:${running.address().port}`;
  return { app, page };
}

test("somebody signs in and sees what the shop knows of them", async () => {
  // The shop knows this person by the unionid: a purchase, a name, a level.
  await connect({ url, key })("mutation ($records: [RecordInput!]!) { ingest(records: $records) { accepted } }", {
    records: [{
      source: "shop",
      messageId: randomUUID(),
      channel: "store:sh-001",
      identities: [{ type: "wechat_unionid", value: person.unionid }],
      attributes: { name: "张伟", level: "gold" },
      event: { name: "Order Completed", properties: { amount: 199 } },
      occurredAt: "2026-03-01T12:00:00+08:00",
    }],
  });
  const { page } = telephone({ code: "code-1" });
  await page.onShow();
  assert.equal(page.data.message, "");
  assert.deepEqual(JSON.parse(JSON.stringify(page.data.profile)), {
    name: "张伟",
    level: "gold",
    tags: [],
    orders: { count: 1, latest: [{ occurredAt: "2026-03-01T04:00:00Z", amount: 199, channel: "store:sh-001" }] },
  });
});

test("a page costs one round trip, without the query's text", async () => {
  const { page } = telephone({ code: "code-1" });
  await page.onShow(); // from now on the server knows the texts
  requests = [];
  await page.onShow();
  assert.equal(requests.length, 1);
  assert.equal(requests[0].query, undefined);
  assert.ok(JSON.stringify(requests[0]).length < 400);
});

test("the same login twice is one record", async () => {
  const customers = customersOf({ ask: connect({ url, key }), appid });
  const messageId = randomUUID();
  await customers.signedIn(person, messageId);
  await customers.signedIn(person, messageId);
  const { identify } = await connect({ url, key })("mutation ($record: RecordInput!) { identify(record: $record) { status } }", {
    record: { source: "mini_program", messageId, identities: [{ type: "wechat_openid", scope: appid, value: person.openid }] },
  });
  assert.equal(identify.status, "DUPLICATE");
});

test("a wrong code, a strange token and an unknown door are told in the body", async () => {
  assert.deepEqual(await login("code of nobody"), { error: "WRONG_CODE" });
  assert.deepEqual(await login(""), { error: "NO_CODE" });
  assert.deepEqual(await door("/login", { method: "POST", body: "no json" }), { error: "NO_JSON" });
  assert.deepEqual(await door("/profile", { headers: { authorization: "Bearer forged" } }), { error: "SIGN_IN" });
  assert.deepEqual(await door("/profile"), { error: "SIGN_IN" });
  assert.deepEqual(await door("/other"), { error: "NO_SUCH_DOOR" });
});

test("the page signs in again when its session has ended", async () => {
  const { app, page } = telephone({ code: "code-2" });
  app.token = "a token of yesterday";
  await page.onShow();
  assert.equal(page.data.message, "");
  assert.notEqual(app.token, "a token of yesterday");
});

test("a telephone without network says so", async () => {
  const { page } = telephone({ code: "code-1", offline: true });
  await page.onShow();
  assert.equal(page.data.message, "没有网络");
});

test("a platform that does not answer is given up in time", async () => {
  const silent = (await import("node:http")).createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const ask = connect({ url: `http://127.0.0.1:${silent.address().port}`, key: "", timeout: 50 });
  await assert.rejects(customersOf({ ask, appid }).profile("x"), { code: "UNREACHABLE" });
  silent.closeAllConnections();
  silent.close();
});
