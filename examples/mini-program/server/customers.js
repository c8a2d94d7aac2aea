// What this back end tells the platform about people, and what it asks.
import { PlatformError } from "./onecdp.js";

const identify = `
  mutation SignedIn($record: RecordInput!) {
    identify(record: $record) {
      status
      error { code message }
    }
  }
`;

// Everything a page shows, and nothing else: one round trip, a small answer.
const profile = `
  query Profile($identity: IdentityInput!) {
    customerByIdentity(identity: $identity) {
      name: attribute(name: "name") { value }
      level: attribute(name: "level") { value }
      events(names: ["Order Completed"], first: 3) {
        totalCount
        edges { node { id occurredAt amount } }
      }
    }
  }
`;

// The platform answers in UTC. A page shows the shop's time, and not every telephone knows time zones: so it is written here.
const shopTime = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "short" });

/** The customers of one mini program. ask is what connect of onecdp.js returns. */
export function customersOf({ ask, appid }) {
  // An openid belongs to one appid only. The unionid is what all appids of a company share: through it, the person in the
  // mini program, in the official account and in the shop become one customer.
  const openidOf = (openid) => ({ type: "wechat_openid", scope: appid, value: openid });

  return {
    /** Somebody signed in. The same messageId may be sent again: the second time it is a DUPLICATE and changes nothing. */
    async signedIn({ openid, unionid }, messageId, deadline) {
      const identities = [openidOf(openid)];
      if (unionid) identities.push({ type: "wechat_unionid", value: unionid });
      const record = { source: "mini_program", channel: "mini_program", messageId, identities };
      const send = () => ask(identify, { record }, deadline);
      const data = await send().catch((error) => {
        if (error.code !== "UNREACHABLE") throw error;
        return send(); // perhaps it had arrived and only the answer was lost: with the same messageId it does not matter
      });
      if (data.identify.status === "REJECTED") throw new PlatformError(data.identify.error.code, data.identify.error.message);
    },

    /** What the page shows about the person with this openid; null when the platform does not know them. */
    async profile(openid, deadline) {
      const { customerByIdentity: customer } = await ask(profile, { identity: openidOf(openid) }, deadline);
      return customer && {
        name: customer.name?.value ?? null,
        level: customer.level?.value ?? null,
        orders: {
          count: customer.events.totalCount,
          latest: customer.events.edges.map(({ node: { id, occurredAt, amount } }) => ({ id, amount, time: shopTime.format(new Date(occurredAt)) })),
        },
      };
    },
  };
}
