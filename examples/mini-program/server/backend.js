// What the mini program may ask: POST /login and GET /profile.
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";

const sessionLength = 2 * 60 * 60 * 1000; // milliseconds
const patience = 4000; // milliseconds for a request, whatever it needs: the telephone gives up after five seconds

/** An error that the page is told, as a code and with a status. */
class Refusal extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/**
 * Makes the back end. exchange is what codeExchange returns, customers what customersOf returns.
 */
export function backEnd({ exchange, customers }) {
  const sessions = new Map(); // token -> { openid, ends }; with several back ends, keep them in Redis or the like
  setInterval(() => {
    for (const [token, { ends }] of sessions) if (ends < Date.now()) sessions.delete(token);
  }, 60_000).unref();

  const routes = {
    "POST /login": async (request, deadline) => {
      const { code } = await bodyOf(request);
      if (typeof code !== "string" || code === "") throw new Refusal(400, "NO_CODE");
      const person = await exchange(code, deadline).catch((error) => {
        throw error.code === "WRONG_CODE" ? new Refusal(401, "WRONG_CODE") : error;
      });
      // A login code is valid once, so its hash names this login, however often we must send it.
      const messageId = createHash("sha256").update(code).digest("hex");
      await customers.signedIn(person, messageId, deadline).catch((error) => {
        console.error(`not told to the platform: ${error.code}`); // people sign in whether or not it answers
      });
      const token = randomBytes(32).toString("base64url");
      sessions.set(token, { openid: person.openid, ends: Date.now() + sessionLength });
      return { token };
    },

    "GET /profile": async (request, deadline) => {
      const token = request.headers.authorization?.replace("Bearer ", "");
      const session = sessions.get(token);
      if (!session || session.ends < Date.now()) {
        sessions.delete(token);
        throw new Refusal(401, "SIGN_IN");
      }
      return { profile: await customers.profile(session.openid, deadline) };
    },
  };

  return createServer(async (request, response) => {
    let status = 200;
    let body;
    try {
      const route = routes[`${request.method} ${request.url}`];
      if (!route) throw new Refusal(404, "NOT_FOUND");
      body = await route(request, Date.now() + patience);
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
