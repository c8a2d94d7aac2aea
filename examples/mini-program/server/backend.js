// The two doors of the mini program: POST /login and GET /profile.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const sessionLength = 2 * 60 * 60 * 1000; // milliseconds

/** An error that the page is told, as a code and with a status. */
class Refusal extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/**
 * Makes the back end. exchange(code) asks WeChat who has this login code: { openid, unionid }. customers is what
 * customersOf returns.
 */
export function backEnd({ exchange, customers }) {
  const sessions = new Map(); // token -> { openid, ends }; with several back ends, keep them in Redis or the like

  const doors = {
    "POST /login": async (request) => {
      const { code } = await bodyOf(request);
      if (typeof code !== "string" || code === "") throw new Refusal(400, "NO_CODE");
      const person = await exchange(code).catch(() => {
        throw new Refusal(401, "WRONG_CODE");
      });
      // A login code is valid once, so its hash names this login, however often we must send it.
      await customers.signedIn(person, createHash("sha256").update(code).digest("hex"));
      const token = randomBytes(32).toString("base64url");
      sessions.set(token, { openid: person.openid, ends: Date.now() + sessionLength });
      return { token };
    },

    "GET /profile": async (request) => {
      const token = request.headers.authorization?.replace("Bearer ", "");
      const session = sessions.get(token);
      if (!session || session.ends < Date.now()) {
        sessions.delete(token);
        throw new Refusal(401, "SIGN_IN");
      }
      return { profile: await customers.profile(session.openid) };
    },
  };

  return createServer(async (request, response) => {
    let status = 200;
    let body;
    try {
      const door = doors[`${request.method} ${request.url}`];
      if (!door) throw new Refusal(404, "NO_SUCH_DOOR");
      body = await door(request);
    } catch (error) {
      // wx.request calls success for every status, so the page looks for the error in the body.
      status = error.status ?? 502;
      body = { error: error.status ? error.code : "TRY_LATER" };
      if (!error.status) console.error(error.code ?? error); // a code, and nothing about a person
    }
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(body));
  });
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 1000) throw new Refusal(413, "TOO_LONG");
  }
  try {
    return JSON.parse(text) ?? {};
  } catch {
    throw new Refusal(400, "NO_JSON");
  }
}
