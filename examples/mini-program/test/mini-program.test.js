// The whole way: the pages of the mini program, the back end, and a real server at ONECDP_URL with a key that may ingest and
// read. It makes customers there: never a server in use.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import vm from "node:vm";
import { backEnd } from "../server/backend.js";
import { customersOf } from "../server/customers.js";
import { connect } from "../server/onecdp.js";
import { codeExchange } from "../server/wechat.js";

const { ONECDP_URL: url = "http://127.0.0.1:8080", ONECDP_KEY: key } = process.env;
const appid = "wx-example";
const person = { openid: `openid-${randomUUID()}`, unionid: `unionid-${randomUUID()}` };

const codes = [randomUUID(), randomUUID()]; // a code is used once, so another run needs others

let running; // the back end
let requests = []; // what it sent to the platform

before(async () => {
  const send = globalThis.fetch;
  globalThis.fetch = (to, init) => {
    if (String(to).startsWith(url)) requests.push(JSON.parse(init.body));
    return send(to, init);
  };
  // Instead of WeChat: the code says who it is.
  const people = { [codes[0]]: person, [codes[1]]: person };
  const exchange = async (code) => people[code] ?? Promise.reject(Object.assign(new Error(), { code: code === "busy" ? "WECHAT_-1" : "WRONG_CODE" }));
  running = await started({ exchange, customers: customersOf({ ask: connect({ url, key }), appid }) });
});
after(() => running.close());

async function started(parts) {
  const server = backEnd(parts).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

const call = (path, init, server = running) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init).then((answer) => answer.json());
const login = (code) => call("/login", { method: "POST", body: JSON.stringify({ code }) });

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
  const { page } = telephone({ code: codes[0] });
  await page.onShow();
  assert.equal(page.data.message, "");
  const { orders: { count, latest: [order] }, ...who } = JSON.parse(JSON.stringify(page.data.profile));
  assert.deepEqual(who, { name: "张伟", level: "gold" });
  assert.equal(count, 1);
  assert.ok(order.id);
  assert.equal(order.amount, 199);
  assert.match(order.time, /2026年3月1日 12:00/, "the shop's time");
});

test("a page costs one round trip, without the query's text", async () => {
  const { page } = telephone({ code: codes[0] });
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

test("a wrong code, a strange token and an unknown address are told in the body", async () => {
  assert.deepEqual(await login("code of nobody"), { error: "WRONG_CODE" });
  assert.deepEqual(await login(""), { error: "NO_CODE" });
  assert.deepEqual(await call("/login", { method: "POST", body: "no json" }), { error: "NO_JSON" });
  assert.deepEqual(await call("/profile", { headers: { authorization: "Bearer forged" } }), { error: "SIGN_IN" });
  assert.deepEqual(await call("/profile"), { error: "SIGN_IN" });
  assert.deepEqual(await call("/other"), { error: "NOT_FOUND" });
});

test("only WeChat's word about the code makes it wrong", async (t) => {
  t.mock.method(console, "error", () => {});
  assert.deepEqual(await login("busy"), { error: "TRY_LATER" });
  for (const [answer, code] of [
    [{ errcode: 40029 }, "WRONG_CODE"],
    [{ errcode: 40163 }, "WRONG_CODE"],
    [{ errcode: 40125 }, "WECHAT_40125"],
    [null, "WECHAT_NO_OPENID"],
  ]) {
    const weChat = t.mock.method(globalThis, "fetch", async () => Response.json(answer));
    await assert.rejects(codeExchange({ appid, secret: "" })("x"), { code });
    weChat.mock.restore();
  }
});

test("people sign in while the platform is away", async (t) => {
  const logged = t.mock.method(console, "error", () => {});
  const server = await started({ exchange: async () => person, customers: customersOf({ ask: connect({ url: "http://127.0.0.1:1", key }), appid }) });
  const { token } = await call("/login", { method: "POST", body: '{"code":"x"}' }, server);
  assert.ok(token);
  assert.deepEqual(logged.mock.calls[0].arguments, ["not told to the platform: UNREACHABLE"]);
  server.close();
});

test("an answer that is none of ours is no profile", async () => {
  const { app } = telephone({ code: codes[0] });
  for (const body of ["null", '"<html>"', "5"]) {
    const proxy = createServer((_, response) => response.end(body)).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    app.backEnd = `http://127.0.0.1:${proxy.address().port}`;
    await assert.rejects(app.send("GET", "/profile"), { message: "NO_ANSWER" });
    proxy.close();
  }
});

test("the page signs in again when its session has ended", async () => {
  const { app, page } = telephone({ code: codes[1] });
  app.token = "a token of yesterday";
  await page.onShow();
  assert.equal(page.data.message, "");
  assert.notEqual(app.token, "a token of yesterday");
});

test("a telephone without network says so", async () => {
  const { page } = telephone({ code: codes[0], offline: true });
  await page.onShow();
  assert.equal(page.data.message, "没有网络");
});

test("a platform that does not answer is given up in time", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const ask = connect({ url: `http://127.0.0.1:${silent.address().port}`, key: "", timeout: 50 });
  await assert.rejects(customersOf({ ask, appid }).profile("x"), { code: "UNREACHABLE" });
  const patient = connect({ url: `http://127.0.0.1:${silent.address().port}`, key: "" });
  const began = Date.now();
  await assert.rejects(patient("{ __typename }", {}, began + 50), { code: "UNREACHABLE" });
  assert.ok(Date.now() - began < 1000, "the deadline of the request counts");
  silent.closeAllConnections();
  silent.close();
});
