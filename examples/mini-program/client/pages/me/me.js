// The page "me": one request, one answer, shown.
Page({
  data: { profile: null, message: "" },

  async onShow() {
    try {
      const { profile } = await getApp().ask("/profile");
      this.setData({ profile, message: "" });
    } catch (error) {
      this.setData({ message: error.message === "NO_NETWORK" ? "没有网络" : "请稍后再试" });
    }
  },
});
