package demo

// The brand: 青禾生活 (Qinghe Living), clothes, tea and things for the home.

// product is one thing on the shelves. Prices are in fen.
type product struct {
	sku, name, category string
	price               int
}

// products from the most to the least wanted.
var products = []product{
	{"TEA-001", "明前龙井 100g", "茶", 16800}, {"HOM-001", "纯棉毛巾三条装", "家居", 5900}, {"CLO-001", "亚麻衬衫", "服饰", 29900},
	{"TEA-002", "白毫银针 50g", "茶", 23800}, {"SKN-001", "米糠护手霜", "个护", 4900}, {"HOM-002", "竹纤维四件套", "家居", 49900},
	{"CLO-002", "羊毛围巾", "服饰", 19900}, {"KIT-001", "铸铁锅 24cm", "厨房", 35900}, {"TEA-003", "桂花乌龙 袋泡", "茶", 6800},
	{"SKN-002", "洋甘菊洗发水", "个护", 7900}, {"HOM-003", "香薰蜡烛 雪松", "家居", 12800}, {"CLO-003", "有机棉T恤", "服饰", 12900},
	{"KIT-002", "青瓷茶具一套", "厨房", 45800}, {"SKN-003", "山茶花面霜", "个护", 18800}, {"CLO-004", "羊绒开衫", "服饰", 89900},
	{"HOM-004", "蚕丝被 双人", "家居", 129900}, {"KIT-003", "手工砧板", "厨房", 13900}, {"TEA-004", "陈年普洱饼", "茶", 39800},
	{"KID-001", "儿童雨靴", "童品", 9900}, {"KID-002", "婴儿包被", "童品", 15900}, {"HOM-005", "藤编收纳篮", "家居", 8900},
	{"CLO-005", "真丝睡衣", "服饰", 69900}, {"KIT-004", "保温壶 1.5L", "厨房", 21900}, {"KID-003", "木制积木", "童品", 16900},
}

// shop is one of the brand's own shops.
type shop struct{ id, city string }

var shops = []shop{
	{"sh-001", "上海"}, {"sh-002", "上海"}, {"bj-001", "北京"}, {"hz-001", "杭州"}, {"cd-001", "成都"}, {"gz-001", "广州"},
	{"sz-001", "深圳"}, {"bj-002", "北京"}, {"nj-001", "南京"}, {"wh-001", "武汉"}, {"xa-001", "西安"}, {"hz-002", "杭州"},
}

// community is a WeCom group with the customer who leads it.
type community struct{ id, name, leader string }

var communities = []community{
	{"wc-sh-01", "青禾上海老友群", "M100001"}, {"wc-bj-01", "青禾北京好物群", "M100002"}, {"wc-hz-01", "青禾杭州茶友群", "M100003"},
	{"wc-cd-01", "青禾成都生活群", "M100004"}, {"wc-mom", "青禾妈妈团", "M100005"},
}

var (
	surnames = []string{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高", "罗", "郑", "梁", "谢", "宋", "唐", "许", "邓", "冯", "韩", "曹", "欧阳", "上官"}
	given    = map[string][]string{
		"female": {"芳", "娜", "敏", "静", "秀英", "丽", "婷", "雪", "欣怡", "梓涵", "雨桐", "思琪", "佳怡", "诗涵", "晓燕", "玉兰", "倩", "慧", "颖", "可馨"},
		"male":   {"伟", "强", "磊", "军", "洋", "勇", "杰", "涛", "浩然", "子轩", "宇航", "俊杰", "明", "建国", "志强", "博文", "鹏", "晨", "一鸣", "嘉豪"},
	}
	levels     = []string{"bronze", "bronze", "bronze", "silver", "silver", "gold", "platinum"}
	complaints = []string{"logistics", "quality", "service", "price"}
)

// What identities are unique within.
const (
	miniProgramApp = "wx8c1d0e5f2a3b4c6d" // the appid of the mini program
	tmallApp       = "tmall-qinghe"
	douyinApp      = "aw5d2f8g3h1j0k9l"
	memberSystem   = "qinghe" // the shop system that gives member numbers
)

// The names of events.
const (
	viewed    = "Product Viewed"
	added     = "Product Added"
	ordered   = "Order Completed"
	refunded  = "Order Refunded"
	shared    = "Product Shared"
	visited   = "Store Visited"
	joined    = "Community Joined"
	invited   = "Invitation Sent"
	complains = "Complaint Filed"
	signedUp  = "Signed Up"
)
