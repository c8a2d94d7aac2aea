// Who has a login code: the exchange with WeChat (code2Session). It needs the app's secret and so happens on the server.

/** Why WeChat told nobody's name. code is WRONG_CODE when the login code is at fault, else WECHAT_ and WeChat's number, or WECHAT_UNREACHABLE. */
export class WeChatError extends Error {
  constructor(code, options) {
    super(`WeChat did not exchange the login code: ${code}`, options);
    this.code = code;
  }
}

const wrongCodes = [40029, 40163]; // invalid; used before

/** Returns exchange(code, deadline), which answers { openid, unionid }. unionid is there when the app is bound to an open platform account. */
export function codeExchange({ appid, secret, timeout = 3000 }) {
  return async function exchange(code, deadline = Infinity) {
    const url = new URL("https://api.weixin.qq.com/sns/jscode2session");
    url.search = new URLSearchParams({ appid, secret, js_code: code, grant_type: "authorization_code" });
    let person;
    try {
      const signal = AbortSignal.timeout(Math.max(1, Math.min(timeout, deadline - Date.now())));
      person = await (await fetch(url, { signal })).json();
    } catch (cause) {
      throw new WeChatError("WECHAT_UNREACHABLE", { cause });
    }
    const { openid, unionid, errcode } = person ?? {};
    if (!openid) throw new WeChatError(wrongCodes.includes(errcode) ? "WRONG_CODE" : `WECHAT_${errcode ?? "NO_OPENID"}`);
    return { openid, unionid };
  };
}
