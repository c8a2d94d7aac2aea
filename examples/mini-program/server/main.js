// Starts the back end. What it needs is in the environment; README.md lists it.
import { backEnd } from "./backend.js";
import { customersOf } from "./customers.js";
import { connect } from "./onecdp.js";
import { codeExchange } from "./wechat.js";

const { ONECDP_URL = "http://127.0.0.1:8080", ONECDP_KEY, WECHAT_APPID, WECHAT_SECRET, PORT = "3000" } = process.env;
for (const [name, value] of Object.entries({ ONECDP_KEY, WECHAT_APPID, WECHAT_SECRET })) {
  if (!value) {
    console.error(`set ${name}`);
    process.exit(64);
  }
}

const ask = connect({ url: ONECDP_URL, key: ONECDP_KEY });
backEnd({
  exchange: codeExchange({ appid: WECHAT_APPID, secret: WECHAT_SECRET }),
  customers: customersOf({ ask, appid: WECHAT_APPID }),
}).listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));
