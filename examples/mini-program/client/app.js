// The mini program. It knows its own back end and nothing of the platform behind it.
App({
  backEnd: "https://shop.example.com", // must be among the request domains in the mini program's settings

  /** Signs in once; pages that ask at the same time wait for the same login. */
  signIn() {
    this.signingIn ??= new Promise((resolve, reject) => wx.login({ success: resolve, fail: reject }))
      .then(({ code }) => this.send("POST", "/login", { code }))
      .then(({ token }) => { this.token = token; })
      .finally(() => { this.signingIn = null; });
    return this.signingIn;
  },

  /** Asks the back end as the person who is signed in, and signs in when it must. */
  async ask(path) {
    if (!this.token) await this.signIn();
    try {
      return await this.send("GET", path);
    } catch (error) {
      if (error.message !== "SIGN_IN") throw error;
      await this.signIn();
      return this.send("GET", path);
    }
  },

  send(method, path, data) {
    return new Promise((resolve, reject) => {
      wx.request({
        url: this.backEnd + path,
        method,
        data,
        header: this.token ? { authorization: `Bearer ${this.token}` } : {},
        timeout: 5000, // in the background the program is cut off after five seconds anyway
        success: ({ data: body }) => { // whatever the status, and whoever answered
          if (body !== null && typeof body === "object" && !body.error) resolve(body);
          else reject(new Error(body?.error ?? "NO_ANSWER"));
        },
        fail: () => reject(new Error("NO_NETWORK")),
      });
    });
  },
});
