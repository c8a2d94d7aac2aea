// The program as it is built, against the server at ONECDP_URL with a key that may read, manage and ingest. It makes customers
// there: never a server in use.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { apiOf, Client, Refused } from "../dist/client.js";
import { customersWho, loyal } from "../dist/loyal.js";

const client = new Client(process.env.ONECDP_URL ?? "http://127.0.0.1:8080", process.env.ONECDP_KEY);

const send = (...records) => client.ask("mutation ($records: [RecordInput!]!) { ingest(records: $records) { results { customer { id } } } }", {
  records: records.map((record) => ({ source: "shop", messageId: randomUUID(), ...record })),
});

const orders = (count) => {
  const identities = [{ type: "member_no", value: randomUUID() }];
  return Array.from({ length: count }, () => ({ identities, event: { name: "Order Completed", properties: { amount: 30 } } }));
};

test("page after page finds everybody who is loyal, once", async () => {
  const { ingest } = await send(...orders(3), ...orders(3), ...orders(2));
  const [first, second, third] = [0, 3, 6].map((i) => ingest.results[i].customer.id);
  const found = [];
  for await (const { id } of customersWho(client, loyal(3))) found.push(id);
  assert.equal(new Set(found).size, found.length);
  assert.ok(found.includes(first) && found.includes(second));
  assert.ok(!found.includes(third), "two orders are not enough");
});

test("what the server refuses is thrown with its code and its place", async () => {
  const nobody = customersWho(client, { event: { names: ["x"], within: { last: "yesterday" } } });
  await assert.rejects(nobody.next(), (error) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.errors[0].extensions.code, "BAD_USER_INPUT");
    assert.deepEqual(error.errors[0].extensions.inputPath, ["where", "event", "within", "last"]);
    return true;
  });
});

test("a server may have a path of its own", () => {
  assert.equal(apiOf("https://example.com/cdp").href, "https://example.com/cdp/graphql");
  assert.equal(apiOf("https://example.com/").href, "https://example.com/graphql");
});

test("a page instead of an answer says who sent it", async () => {
  const other = createServer((_, response) => response.writeHead(502).end("<html>")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const url = `http://127.0.0.1:${other.address().port}`;
  await assert.rejects(new Client(url, "").ask("{ __typename }", {}), { message: `${url}/graphql answers with status 502 and no JSON: is it onecdp?` });
  other.close();
  other.closeAllConnections();
});

for (const [key, told] of [["", "set ONECDP_KEY to a key with the scopes read and manage"], ["wrong", /^UNAUTHENTICATED: [^\n]+$/]]) {
  test(`with the key "${key}" the program ends with one sentence`, async () => {
    const program = spawn(process.execPath, ["dist/main.js"], { env: { ...process.env, ONECDP_KEY: key }, stdio: ["ignore", "inherit", "pipe"] });
    const [said, [code]] = await Promise.all([program.stderr.toArray(), once(program, "exit")]);
    assert.equal(code, 1);
    assert.match(said.join("").trim(), new RegExp(told));
  });
}

test("the program lists, tags, and tells of orders and merges as they happen", { timeout: 30_000 }, async () => {
  await send(...orders(3));
  const program = spawn(process.execPath, ["dist/main.js"], { stdio: ["ignore", "pipe", "inherit"] });
  let happening;
  let wanted = [/^\S+ .+: \d+ orders, the last on \d{4}-/, /^\d+ loyal customers/, /^an order of 30 by /, /is the same person as .*: one record shows/];
  try {
    for await (const line of createInterface({ input: program.stdout })) {
      wanted = wanted.filter((pattern) => !pattern.test(line));
      if (wanted.length === 2) {
        // Nothing says that the watching has begun: orders and merges happen until they are told of.
        happening ??= setInterval(() => happen().catch(() => {}), 200);
      }
      if (wanted.length === 0) break;
    }
  } finally {
    clearInterval(happening);
    program.kill();
    if (program.exitCode === null) await once(program, "exit");
  }
  assert.deepEqual(wanted, []);
  const { customers } = await client.ask("query ($where: Rule) { customers(where: $where) { totalCount } }", {
    where: { tag: { key: "thank_you_card", is: { equals: "to be sent" } } },
  });
  assert.ok(customers.totalCount >= 1);

  // Two strangers; then a record that shows both.
  async function happen() {
    const [a, b] = [{ type: "member_no", value: randomUUID() }, { type: "wechat_unionid", value: randomUUID() }];
    await send(...orders(1), { identities: [a] }, { identities: [b] });
    await send({ identities: [a, b] });
  }
});
