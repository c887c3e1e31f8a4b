"""How plausible a text is as writing: what tells a right reading of bytes from a wrong one.

In: a text. Out: a log-probability in nats under a deliberately small model, the best of five
language models, each a frequency per character plus a charge for pairs that writing avoids
(a Korean syllable beside a Han character, an accented capital inside a word). Two readings of
the same bytes are compared by their totals: the difference is the log of their odds.

Not known here: words, grammar, encodings. ASCII costs the same in every model, so a long HTML
head says nothing about its body.

The frequency lists were counted on openly licensed text (statutes, encyclopaedia paragraphs,
example sentences, software documentation) and on news bulletins. Only the order that the counts
gave stands here, none of the text. The tiers below them come from the national standards, read out
of the codecs when first needed.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Assessment", "Language", "assess", "line_assessments"]

# Most frequent first. _HANT holds pairs: a character of _HANS and a traditional form of it.
_HANS = (
    "的国人中在年一为和有是大以会行发了地日不部于作成个上出业法我时生民全主他新定家动月方学用"
    "公政等当同要后进区对理关工本合建机加其应到开经多及来与展体化分设长员者事下高务天产名可实"
    "能重平市之这自第代文现斯规前物由军制力共管得位保或并海通门安总西电道三场美表期水面子提被"
    "所过任利内十将外入系南们间立球二特度运持最台院近强教北路里数而两色小目东交今资量至性明称"
    "议亚相统你次品战正科克推车世基联种计组式书也向山元尔好施级处金委队治使条因各比马点布起赛"
    "从万此府领列单心线程活据四改构都记指达原习社常报德信拉城增受更就责项情标意服党五示取广约"
    "护收州造续但已际件华技深接司王权无流结口域调导质集支首决形界巴村罗县士说姆格类参供育港准"
    "创空影举办案济证查带协企视源该义商林依术营专放兰没汤监节团划农如手职央防江照传很解超气她"
    "反省包游去非英型求米还认站然知备未打局请属境别告织乐尼研语问回航直具复号果题女完京河给见"
    "岛费席校选史身投击变环网始做维字食转升根装阿医风演太群步鱼花湾坚审星想少效则俄确命需洲香"
    "历息获只检头铁居龙周白引清快纪客光消火张些族古神李助先么着采武批范款把乌模督究足态律执易"
    "亿每众师卫石音落那志曾看置欧积预届按器例再连围限负论双兴伊老精互园卡除令又乡片让播验整著"
    "吗夫存边季亲沙纳版许违往土括官况六普予观价图奥话核较优百担显离黄真断死料险镇申青八段苏越"
    "致速故继功止极旅波承排即修密份容朝住友争儿略察策福宣角干它湖配突失响班何层势稳陆座房诉革"
    "障爱必算测考害曲黑红样愿走街春什托热录希言印试登景田益销停严感哈初思威财奖破终注随养贸病"
    "堂融绿率值编剧馆早欢均措降阳画七鳍控满兵识户独移歌博智飞状载评守健草征盟另且输晚善救喜筑"
    "艺声促送象船朗候汉康警货罚留吉半洋药序植射亦额哥急九富己母宗望派难塔父远塞才切售疗澳丽室"
    "树罪丁萨千税几帝占退写低温宁章便础底副署坦攻念灾典库补适扩夏背勒延岁甲附弹讲犯男银顿冠素"
    "牠访陈像媒判须云抗挥培临损桥购胜献伤票岸牙良奇川遗签听泰仍伦充细油授启木假斗戏余谈亡尚紧"
    "牌雪帮森藏黎杀材闻丰久野危刑袭练瑞鲁聚股庆端符伯楼援永叶曼侧唱待辖劳雨氏圣韩裁减皇轮仅追"
    "染午尾架读雄鸟训贯短礼遇述吃污眼索峰荣封般涉拿绝瓦简络异幕付换沿庭烈洛弟呈枚粮钱觉享祖圆"
    "丹跟迎毛禁阶惠含软秘综刘免频轻逐蒙驻雷宫旧遭玛胡伙彻店伴盖钟汇诺右左却埃孩吸介津拥冲松酒"
    "顺乘固散束探役皮繁佳订宝储励买毒贡败截伟纽甚贵辑莱震竞迪辆屋似链释杂堡板尽偿骨婚鼓杨努鲜"
    "隆厂废赵撤履刻冬厅跨孙冰栖毕齿梅矿累邦唐归谢奋侵郡针吴秀虽阵盛汽巨激麦彩顶齐微杜恩佛词招"
    "借压嘉债刚恢宾错夜毁贝幼抵疫洪杯差码舰宽卷拍找血绩末映爆译雅召册赢酸卖途谷扬枪舞迁饰鉴坏"
    "键籍残振兼牛扎休祝谋返摩暴夺仪灵菲轨玩梁绕绍讨械穿否零忠亮够俗筹抓渐泽距驶讼昨困渔宋殖斑"
    "朋靠邻童脱租套杰秋赏刊耳廷径疾尺蒂私捕拓乙档灭旗蛇蓝玉赫岩怀覆课巡莫拒味脚篇浙疑敦臣昌庄"
    "衣坛讯肉池践若硬误闭择缺诗猫琉疆避宜邮址尊刺估券拜兹倡缩赞潮乎漫帕摄览腹泛缘露某幅隐笔菜"
    "餐患虫透徽挑饭操您晋哪耶块币溪亩恐遵沟灯横顾怎盘倍牢碳赔暂混幸宪迈坐冷迹抢析钢逃郑卢呼乱"
    "梦姓弃兄掌贺艾奉捷脑朱阻叫燃佩圈仲灰徒坡剂厘烟盐仙皆祥董携铜肯液诚驾妇静答誉棘妻拳泉霍滨"
    "弗隔翰乔恶舶循穆腊倒纷骑拔虎滑丝迫羽荷寺殊岗贫绘褐叙蛋勇阁邀郎押谁洞匹寻跑赴询仁纲翻虚脉"
    "剑潜陵递湿耕炮唯棒颁忙碍贷仓甘桑竹慧舟苗搭沃炸箭恒氧贴焦怪箱灌扣饮握毫辛臀伍旋琴拟魔麻宅"
    "缴擅洗镜替锦姐御泳诸纹葡翼刀茨辞洁吨墨仔豪趣煤壮尤嫌聘伐迷沉鳞阅遍裂浪谊拆纸尖厚乃扁豆淡"
    "宏胞腐曹孔颜彼辅凯暗珠泊屿床渡宇妈井奏笑芬吧阴魏辐凤夷卵扶猎肃悉牧描昆岭雌邨汗埔逝蔡纵龄"
    "殿紫沈崇"
)
_HANT = (
    "国國为爲会會发發发髮了瞭于於个個出齣业業时時动動学學当當当噹后後进進区區对對关關机機应應"
    "开開经經来來与與体體设設长長员員务務产產实實这這现現规規军軍制製并並并併门門总總电電场場"
    "表錶面麵过過内內将將系係系繫们們间間运運台臺台檯台颱强強里裏里裡数數两兩东東资資称稱议議"
    "亚亞统統战戰车車联聯种種计計组組书書向嚮尔爾级級处處队隊条條马馬点點布佈赛賽从從万萬领領"
    "单單线線据據构構记記达達习習报報责責项項标標党黨广廣约約护護续續际際华華权權无無结結调調"
    "导導质質决決罗羅县縣说說类類参參准準创創举舉办辦济濟证證带帶协協视視该該义義术術营營专專"
    "兰蘭没沒汤湯监監节節团團划劃农農职職传傳气氣游遊还還认認备備请請属屬别別织織乐樂语語问問"
    "回迴复復复複号號题題给給见見岛島费費选選击擊变變环環网網维維转轉装裝医醫风風群羣鱼魚湾灣"
    "坚堅审審则則确確历歷历曆获獲只隻只衹检檢头頭铁鐵龙龍周週纪紀张張么麼着著采採范範乌烏态態"
    "执執亿億众衆众眾师師卫衛志誌欧歐积積预預届屆连連围圍负負论論双雙兴興园園乡鄉让讓验驗吗嗎"
    "边邊亲親纳納许許违違况況观觀价價图圖奥奧话話较較优優担擔显顯离離黄黃真眞断斷险險镇鎮苏蘇"
    "致緻继繼极極争爭儿兒干幹干乾响響层層势勢稳穩陆陸诉訴爱愛测測红紅样樣愿願热熱录錄试試销銷"
    "严嚴财財奖獎终終注註随隨养養贸貿绿綠值値编編剧劇馆館欢歡阳陽画畫鳍鰭满滿识識户戶独獨飞飛"
    "状狀载載评評征徵输輸筑築艺藝声聲汉漢货貨罚罰药藥额額难難远遠才纔疗療丽麗树樹萨薩税稅几幾"
    "占佔写寫温溫宁寧础礎灾災库庫补補适適扩擴岁歲弹彈讲講银銀顿頓访訪陈陳须須须鬚云雲挥揮临臨"
    "损損桥橋购購胜勝献獻伤傷遗遺签籤听聽伦倫细細启啓启啟斗鬥戏戲余餘谈談紧緊帮幫杀殺闻聞丰豐"
    "袭襲练練鲁魯庆慶楼樓叶葉侧側辖轄劳勞圣聖韩韓减減轮輪仅僅读讀鸟鳥训訓贯貫礼禮吃喫污汙峰峯"
    "荣榮绝絕简簡络絡异異换換粮糧钱錢觉覺圆圓阶階软軟秘祕综綜刘劉频頻轻輕驻駐宫宮旧舊玛瑪胡鬍"
    "伙夥彻徹盖蓋钟鍾汇匯诺諾却卻拥擁冲衝松鬆顺順订訂宝寶储儲励勵买買贡貢败敗伟偉纽紐贵貴辑輯"
    "莱萊竞競辆輛链鏈释釋杂雜尽盡偿償杨楊鲜鮮厂廠废廢赵趙厅廳孙孫栖棲毕畢齿齒矿礦归歸谢謝奋奮"
    "针針吴吳虽雖阵陣麦麥顶頂齐齊词詞压壓债債刚剛宾賓错錯毁毀贝貝码碼舰艦宽寬卷捲绩績译譯册冊"
    "赢贏卖賣谷穀扬揚枪槍迁遷饰飾鉴鑑坏壞键鍵残殘谋謀夺奪仪儀灵靈轨軌绕繞绍紹讨討够夠筹籌渐漸"
    "泽澤驶駛讼訟渔漁邻鄰脱脫杰傑赏賞径徑档檔灭滅蓝藍岩巖怀懷课課脚腳庄莊坛壇讯訊践踐误誤闭閉"
    "择擇诗詩猫貓邮郵兹茲缩縮赞贊摄攝览覽缘緣隐隱笔筆虫蟲饭飯晋晉块塊币幣亩畝沟溝灯燈横橫顾顧"
    "盘盤赔賠暂暫宪憲迈邁迹跡抢搶钢鋼郑鄭卢盧乱亂梦夢弃棄贺賀脑腦朱硃剂劑厘釐烟煙盐鹽携攜铜銅"
    "诚誠驾駕妇婦静靜誉譽滨濱乔喬恶惡腊臘纷紛骑騎丝絲岗崗贫貧绘繪叙敘阁閣谁誰寻尋询詢纲綱虚虛"
    "脉脈剑劍潜潛递遞湿溼颁頒碍礙贷貸仓倉恒恆贴貼饮飲拟擬缴繳镜鏡锦錦诸諸纹紋辞辭洁潔吨噸壮壯"
    "鳞鱗阅閱谊誼纸紙颜顏辅輔凯凱屿嶼床牀妈媽阴陰辐輻凤鳳猎獵肃肅岭嶺纵縱龄齡"
)
_KANJI = (
    "年大日人用合地行定中月生場一国時的発出後使作上成本数設同部間者分世学性方名代前書動対内会"
    "要物自入事化体以開下最市見立実文高子家水機力関戦多現長表川初全新業所通山当能期明度館理指"
    "在主加変島画持東記取外語結法小受海手必目建教軍呼例流意民第種次特式存王電値約品置付気可利"
    "道引社図和点公形連示有計制政保北面正続空言産治返平位含重際始女原域近界類認集不知字来県参"
    "活紀他型属得回考進経少西南様送状説田工追常果神向義強造運金決起元解広線三万信野員列問基構"
    "心彼量選直組込確帝石身調更移州伝供別共死都古質再支各権族町提側術照報無製除録食料天住両二"
    "議区火争題土交反校航半車由配害与任収先接異降着昭系鉄終述改応切統口村病太務限命渡安影非相"
    "離演馬隊皇木細規領完装管単陸過備府研素効評検増態残容件証京究複判境観象親響育朝頭史独話論"
    "条価美換号注船適撃情転科積資査止役路描比屋白派総頃修読院展官星継築断等版色河楽味失達宮兵"
    "格感遺称放城周番推父英然低施風係登団営導台告編割音師囲採絵防母戸室紙技門真農良処個思落張"
    "環削足般光賞求温植測圧帯球士何護標岡挙模魚映被末米器売男難乗速優園商深曲載岸歳準詳仕予程"
    "諸従江震円念御視験根洋階極急岩競補整葉息想及因済歴熱攻試層勝聖橋消夫十蔵材退復源投殺減局"
    "勢職婚酸承飛著寺協血央去貨助率艦好松港順布破操寄策翌党愛費省衛戻輸聞帰介富辺今案短拡衆許"
    "訪便歌壊働首谷亡徴郡担敗段林尾占差援群座堂旧客井居医算郎症武功給駅写焼絶識悪抗捕走福就興"
    "創令固陽違司虫翼密満端望依激延花委察遠街佐養訳催千較革将突守辞夜声警津沿骨像芸八妻沢況級"
    "易私具旅舞留審弟黒乱赤範扱並獲右待似伊劇氷青頼染候雑労廃油雨未節壁軌席専砂逆略択"
)
_HANGUL = (
    "이로에하을를지정의스다시일는사서기용리파트니한가성드인고자수모터으제대된표여설행은그프해"
    "전명보실어작합경치출장있도특력디생키상나재든데화소패위관구변버크할열목령및미문비적과포록"
    "션습세현업라저입렉동되호환요만플오부않함러항레토거테와유우템면체형본식메결운추내개능또검"
    "원필조확아음브래신것공름색들코중주게마계번간반태새분값련클커더페단연별진야활존속젝복케너"
    "워타베통른예선증링없바최임줄티안참방때각됩애컨격삭종처두당컬발델백널료초같블네릿칭며텍후"
    "려턴매밋컴언져배축택립집청무역준법빌웹회읽약밀램십압랜접등권객영직옵외볼점노찾편달카머류"
    "듈히양될린께알따앱석었째루딩송팅룹규산엔암뷰캐완켓순픽교병됨까말강감근렬"
)


class Language(StrEnum):
    """The models that compete. OTHER is every script that is not Han, kana, Hangul or Latin."""

    CHINESE = "zh"
    JAPANESE = "ja"
    KOREAN = "ko"
    LATIN = "latin"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the model says of one text.

    ``total`` is the log-probability in nats (higher is more plausible) under ``language``, the
    best model; ``mean`` is the part that falls on each of the ``foreign`` non-ASCII characters,
    0.0 where there is none. Good Chinese has a mean near -6.5, random Han near -13.
    """

    total: float
    mean: float
    foreign: int
    language: Language


# Natural log of the frequency at a rank, as counted; between the knots it is interpolated.
_RANKS = (1, 10, 50, 100, 200, 300, 500, 800, 1000, 1200, 1500)
_HAN_NATS = (-3.5, -5.0, -5.8, -6.2, -6.7, -7.05, -7.6, -8.3, -8.75, -9.15, -9.7)
_HANGUL_NATS = (-3.5, -4.1, -5.3, -5.9, -6.9, -7.9, -9.0, -9.5, -9.5, -9.5, -9.5)

# Nats of what no list names; the order of magnitude matters, not the digit.
_ASCII = -3.5
_ASCII_IN_WORDS = -2.7  # lower case and space: a letter follows from those before it
_CONTROL = -20.0
_PRIVATE = -18.0
_UNASSIGNED = -22.0
_REPLACEMENT = -15.0
_HAN_FIRST_LEVEL = -10.5
_HAN_SECOND_LEVEL = -12.5
_HAN_RARE = -14.5
_HAN_EXTENSION = -17.0
_SYMBOL = -11.0
_LETTER_ELSEWHERE = -13.0

# A character of another language inside a text: its own frequency there, less this.
_CODE_SWITCH = 5.0

_CHINESE_MARKS = "，。、；：？！“”‘’（）《》〈〉「」『』【】〔〕—…·～％　﹑"
_FULL_STOPS = "，。、"
_LATIN_MARKS = "–—‘’“”„…•·«»°§£€©®™×\u00a0"
_COMMON_ACCENTS = "éèàçêáíóúñäöüß"
_ACCENTED = "éèàùâêîôûëïüçöäßñáíóúãõåøæœìòýšžčřěůąęłńśźżőűăâîșțğışđ"

# Greek to Georgian (Cyrillic, Hebrew, Arabic, the Indic scripts, Thai … between), Khmer,
# Vietnamese and accented Greek.
_LIVING_SCRIPTS = (range(0x370, 0x1100), range(0x1780, 0x1800), range(0x1E00, 0x2000))

# Beyond the Basic Multilingual Plane a character stands for its neighbourhood.
_SLOTS = 0x10000
_SLOT_HAN, _SLOT_EMOJI, _SLOT_OTHER, _SLOT_NONE = range(_SLOTS, _SLOTS + 4)
_SIZE = _SLOTS + 4

# Kinds of characters, for the pairs that writing avoids.
(
    _K_OTHER,
    _K_HAN,
    _K_KANA,
    _K_HALF_KANA,
    _K_HANGUL,
    _K_LETTER,
    _K_CAPITAL,
    _K_ACCENT_LOWER,
    _K_ACCENT_UPPER,
    _K_SIGN,
    _K_FOREIGN_LOWER,
    _K_FOREIGN_UPPER,
) = range(12)
_KINDS = 12

# Long texts are walked in pieces of about this many characters, to bound memory.
_PIECE = 1 << 20
_SHORT = 4096


@dataclass(frozen=True, slots=True)
class _Model:
    """``nats``: (languages, _SIZE); ``kinds``: (_SIZE,); ``pairs``: (_KINDS * _KINDS,)."""

    nats: NDArray[np.float64]
    kinds: NDArray[np.int64]
    pairs: NDArray[np.float64]


def assess(text: str) -> Assessment:
    """Score a text.

    >>> assess("今天天气很好").total > assess("浠婂ぉ澶╂皵寰堝ソ").total
    True
    """
    model = _model()
    totals = np.zeros(len(Language))
    foreign_totals = np.zeros(len(Language))
    charge = 0.0
    foreign = 0
    for piece in _pieces(text):
        points = _points(piece)
        kinds = model.kinds[points]
        pairs = kinds[:-1] * _KINDS + kinds[1:]
        if points.size < _SHORT:
            weights: NDArray[np.int64] | int = 1
            charge += float(model.pairs[pairs].sum())
        else:
            # A long piece has each character often: count them first.
            counts = np.bincount(points, minlength=_SIZE)
            points = np.flatnonzero(counts)
            weights = counts[points]
            charge += float(model.pairs @ np.bincount(pairs, minlength=_KINDS * _KINDS))
        nats = model.nats[:, points] * weights
        beyond = points >= 0x80
        totals += nats.sum(axis=1)
        foreign_totals += nats[:, beyond].sum(axis=1)
        foreign += int((beyond * weights).sum())
    best = int(totals.argmax())
    mean = (float(foreign_totals[best]) + charge) / foreign if foreign else 0.0
    return Assessment(float(totals[best]) + charge, mean, foreign, tuple(Language)[best])


def line_assessments(text: str, language: Language) -> Iterator[tuple[int, int, float, int]]:
    """Yield (start, end, mean, foreign) for every line of the text, its line feed included.

    ``mean`` is per non-ASCII character and without the charge for pairs; 0.0 where there is none.
    """
    model = _model()
    nats = model.nats[tuple(Language).index(language)]
    offset = 0
    for piece in _pieces(text):
        points = _points(piece)
        ends = np.flatnonzero(points == 0x0A) + 1
        if not ends.size or ends[-1] != points.size:
            ends = np.append(ends, points.size)
        starts = np.concatenate(([0], ends[:-1]))
        foreign = points >= 0x80
        sums = np.add.reduceat(np.where(foreign, nats[points], 0.0), starts)
        sizes = np.add.reduceat(foreign.astype(np.int64), starts)
        means = sums / np.maximum(sizes, 1)
        for start, end, mean, size in zip(
            starts.tolist(), ends.tolist(), means.tolist(), sizes.tolist(), strict=True
        ):
            yield offset + start, offset + end, mean, size
        offset += points.size


def _pieces(text: str) -> Iterator[str]:
    """Cut a text after line feeds into pieces of about ``_PIECE`` characters."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PIECE) + 1
        if not end:
            end = len(text)
        yield text[start:end]
        start = end


def _points(piece: str) -> NDArray[np.int64]:
    """Return the code points of a text, those beyond the first plane mapped to their slots."""
    points = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
    if points.size and int(points.max()) >= _SLOTS:
        han = (points >= 0x20000) & (points < 0x33480)
        emoji = (points >= 0x1F000) & (points < 0x1FB00)
        none = points >= 0x33480
        other = (points >= _SLOTS) & ~han & ~emoji & ~none
        points[han] = _SLOT_HAN
        points[emoji] = _SLOT_EMOJI
        points[other] = _SLOT_OTHER
        points[none] = _SLOT_NONE
    return points


@cache
def _model() -> _Model:
    """Build the tables once, when a text is first scored."""
    own = {language: np.full(_SIZE, -np.inf) for language in Language}
    shared = np.full(_SIZE, _UNASSIGNED)
    kinds = np.zeros(_SIZE, np.int64)
    for point in range(_SLOTS):
        char = chr(point)
        category = unicodedata.category(char)
        shared[point] = _base(point, category)
        kinds[point] = _kind(point, category)
        if category[0] in "LM" and any(point in block for block in _LIVING_SCRIPTS):
            own[Language.OTHER][point] = -4.5 if category != "Lu" else -7.0
        if kinds[point] in (_K_ACCENT_LOWER, _K_ACCENT_UPPER):
            own[Language.LATIN][point] = -9.5
    shared[_SLOT_HAN] = _HAN_EXTENSION
    shared[_SLOT_EMOJI] = _SYMBOL
    shared[_SLOT_OTHER] = _LETTER_ELSEWHERE - 2.0
    shared[_SLOT_NONE] = _UNASSIGNED
    kinds[_SLOT_HAN] = _K_HAN
    _standards(shared)

    chinese, japanese, korean = (
        own[language] for language in (Language.CHINESE, Language.JAPANESE, Language.KOREAN)
    )
    _rank(chinese, _HANS, _HAN_NATS)
    for simple, traditional in zip(_HANT[::2], _HANT[1::2], strict=True):
        at = ord(traditional)
        chinese[at] = max(chinese[at], chinese[ord(simple)])
    _rank(japanese, _KANJI, _HAN_NATS)
    japanese[0x3041:0x3097] = -4.5
    japanese[0x30A1:0x30FF] = -5.3
    _rank(korean, _HANGUL, _HANGUL_NATS)
    for cjk in (chinese, japanese, korean):
        for mark in _CHINESE_MARKS:
            cjk[ord(mark)] = -4.0 if mark in _FULL_STOPS else -5.8
        cjk[0xFF01:0xFF5F] = np.maximum(cjk[0xFF01:0xFF5F], -7.0)  # full-width ASCII
    for mark in _LATIN_MARKS:
        own[Language.LATIN][ord(mark)] = -5.5
    for letter in _ACCENTED:
        own[Language.LATIN][ord(letter)] = -4.5 if letter in _COMMON_ACCENTS else -5.5
        own[Language.LATIN][ord(letter.upper()[0])] = -8.0

    anywhere = np.maximum.reduce(list(own.values())) - _CODE_SWITCH
    rows = [np.maximum.reduce([own[language], anywhere, shared]) for language in Language]
    nats = np.stack(rows)
    nats[:, :0x80] = shared[:0x80]
    return _Model(nats, kinds, _pair_charges())


def _base(point: int, category: str) -> float:
    """Return the nats of a character that no language claims."""
    if point < 0x80:
        if category == "Cc" and chr(point) not in "\t\n\r\f":
            return _CONTROL
        return _ASCII_IN_WORDS if category in ("Ll", "Zs") else _ASCII
    if point == 0xFFFD:
        return _REPLACEMENT
    if category == "Co":
        return _PRIVATE
    if category in ("Cn", "Cs"):
        return _UNASSIGNED
    if category == "Cc":
        return _CONTROL
    if 0x4E00 <= point < 0xA000:
        return _HAN_RARE
    if 0x3400 <= point < 0x4DC0 or 0xF900 <= point < 0xFB00:
        return _HAN_EXTENSION
    if 0xAC00 <= point < 0xD7A4:
        return -14.0
    if 0xFF61 <= point < 0xFFA0:  # half-width katakana: what stray bytes become in Shift_JIS
        return -9.5
    return _LETTER_ELSEWHERE if category[0] == "L" else _SYMBOL


def _kind(point: int, category: str) -> int:
    """Return the kind of a character."""
    if 0x4E00 <= point < 0xA000 or 0x3400 <= point < 0x4DC0 or 0xF900 <= point < 0xFB00:
        return _K_HAN
    if 0x3041 <= point < 0x3100:
        return _K_KANA
    if 0xFF61 <= point < 0xFFA0:
        return _K_HALF_KANA
    if 0xAC00 <= point < 0xD7A4:
        return _K_HANGUL
    if point < 0x80:
        if not chr(point).isalpha():
            return _K_OTHER
        return _K_LETTER if category == "Ll" else _K_CAPITAL
    if point < 0x250:
        if category == "Ll":
            return _K_ACCENT_LOWER
        if category == "Lu":
            return _K_ACCENT_UPPER
        return _K_OTHER if chr(point) in _LATIN_MARKS else _K_SIGN
    if category == "Ll":
        return _K_FOREIGN_LOWER
    return _K_FOREIGN_UPPER if category == "Lu" else _K_OTHER


def _rank(nats: NDArray[np.float64], ranked: str, knots: tuple[float, ...]) -> None:
    """Give the characters of a list the frequency of their rank."""
    ranks = np.arange(1, len(ranked) + 1)
    for char, value in zip(ranked, np.interp(ranks, _RANKS, knots).tolist(), strict=True):
        nats[ord(char)] = max(float(nats[ord(char)]), value)


def _standards(shared: NDArray[np.float64]) -> None:
    """Raise the characters that the national standards count as frequent, read off the codecs."""

    def cells(codec: str, leads: range, trails: range, value: float) -> None:
        for lead in leads:
            for trail in trails:
                char = bytes((lead, trail)).decode(codec, "replace")
                if len(char) == 1 and char != "\ufffd" and ord(char) < _SLOTS:
                    shared[ord(char)] = max(float(shared[ord(char)]), value)

    high, wide = range(0xA1, 0xFF), range(0x40, 0xFF)
    cells("gb2312", range(0xB0, 0xD8), high, _HAN_FIRST_LEVEL)
    cells("gb2312", range(0xD8, 0xF8), high, _HAN_SECOND_LEVEL)
    cells("big5", range(0xA4, 0xC7), wide, _HAN_FIRST_LEVEL - 0.5)
    cells("big5", range(0xC9, 0xFA), wide, _HAN_SECOND_LEVEL - 0.5)
    cells("euc_jp", range(0xB0, 0xD0), high, _HAN_FIRST_LEVEL - 0.5)
    cells("euc_kr", range(0xB0, 0xC9), high, -10.5)


def _pair_charges() -> NDArray[np.float64]:
    """Return the charge for each pair of kinds, row by row; 0 where the pair is ordinary."""
    charge = np.zeros((_KINDS, _KINDS))

    def either_way(first: int, second: int, nats: float) -> None:
        charge[first, second] = charge[second, first] = nats

    # "don抰" for "don’t": Han inside a word is windows-1252 read as something else.
    either_way(_K_HAN, _K_LETTER, -4.0)
    either_way(_K_HAN, _K_CAPITAL, -1.0)
    either_way(_K_HANGUL, _K_LETTER, -3.0)
    either_way(_K_HAN, _K_HANGUL, -3.0)
    either_way(_K_KANA, _K_HANGUL, -5.0)
    for kind in (_K_HAN, _K_KANA, _K_HANGUL):
        either_way(_K_HALF_KANA, kind, -3.0)
        for latin in (_K_ACCENT_LOWER, _K_ACCENT_UPPER):
            either_way(latin, kind, -3.0)
        for foreign in (_K_FOREIGN_LOWER, _K_FOREIGN_UPPER):
            either_way(foreign, kind, -2.0)
    for kind in (_K_LETTER, _K_CAPITAL, _K_OTHER):
        either_way(_K_HALF_KANA, kind, -3.0)
    for kind in (_K_ACCENT_LOWER, _K_ACCENT_UPPER):
        either_way(kind, _K_SIGN, -2.0)
        for foreign in (_K_FOREIGN_LOWER, _K_FOREIGN_UPPER):
            either_way(kind, foreign, -3.0)
    charge[_K_ACCENT_LOWER, _K_ACCENT_LOWER] = -1.0
    charge[_K_ACCENT_LOWER, _K_ACCENT_UPPER] = -4.0
    charge[_K_ACCENT_UPPER, _K_ACCENT_UPPER] = -3.0
    charge[_K_LETTER, _K_ACCENT_UPPER] = -3.0
    charge[_K_LETTER, _K_SIGN] = -3.0
    charge[_K_FOREIGN_LOWER, _K_FOREIGN_UPPER] = -5.0
    either_way(_K_FOREIGN_LOWER, _K_LETTER, -2.0)
    return charge.ravel()
