// Who has a login code: the exchange with WeChat (code2Session). It needs the app's secret and so happens on the server.

/** Returns exchange(code), which answers { openid, unionid } or throws. unionid is there when the app is bound to an open platform account. */
export function codeExchange({ appid, secret, timeout = 3000 }) {
  return async function exchange(code) {
    const url = new URL("https://api.weixin.qq.com/sns/jscode2session");
    url.search = new URLSearchParams({ appid, secret, js_code: code, grant_type: "authorization_code" });
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    const { openid, unionid, errcode } = await answer.json();
    if (!openid) throw new Error(`WeChat refused the code: ${errcode}`);
    return { openid, unionid };
  };
}
