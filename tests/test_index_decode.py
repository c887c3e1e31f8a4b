import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.damage import find_damages
from index.decode import Decoded, decode
from index.errors import UnreadableError

HANS = (
    "远程银行中心把常见的问题整理成册，客户不用出门就能办好业务。",
    "这家书店在老城区开了三十年，店主说他记得每一位老顾客的名字。",
    "“数据不会说谎，但会沉默。”她在报告的第一页写道；会场里安静了片刻。",
    "今年上半年，全市新增就业五万二千人，比去年同期多了百分之三。",
    "山里的雨说来就来，孩子们躲在亭子里，数着屋檐落下的水珠。",
)
HANT = (
    "圖書館的舊報紙已經全部掃描完畢，讀者在家裡就可以查閱。",
    "颱風來臨之前，漁民把船開進港灣，並且用粗繩牢牢綁住。",
    "這項研究發現，睡眠不足的學生在下午的課程中較難集中精神。",
    "「我們沒有放棄，」隊長說，「只是換了一條路。」",
)
JAPANESE = (
    "図書館の古い新聞はすべて読み取られ、家でも調べられるようになった。",
    "この町のパン屋は朝五時に開きます。焼きたてのにおいが通りに広がります。",
    "コンピュータの歴史について、先生はゆっくりと話しはじめた。",
)
KOREAN = (
    "도서관의 오래된 신문은 모두 스캔되어 집에서도 읽을 수 있습니다.",
    "오늘 아침에는 비가 많이 내려서 학교에 늦게 도착했습니다.",
)
FRENCH = (
    "À l'été dernier, la bibliothèque a numérisé tous ses vieux journaux.",
    "Le garçon préférait déjà les pêches à la crème brûlée, naïf qu'il était.",
)
GERMAN = (
    "Die Bücherei hat über den Sommer alle älteren Zeitungen eingescannt.",
    "Größere Gebäude müssen künftig schärfere Auflagen erfüllen.",
)
SPANISH = ("La biblioteca digitalizó en otoño todos los periódicos del último siglo.",)

READABLE = [
    (HANS, "gb18030", "gb18030"),
    (HANS, "utf-16-le", "utf-16-le"),
    (HANS, "utf-16-be", "utf-16-be"),
    (HANT, "big5hkscs", "big5-hkscs"),
    (HANT, "gb18030", "gb18030"),
    (HANT, "utf-16-le", "utf-16-le"),
    (JAPANESE, "cp932", "shift_jis"),
    (JAPANESE, "euc_jp", "euc-jp"),
    (JAPANESE, "utf-16-be", "utf-16-be"),
    (KOREAN, "cp949", "euc-kr"),
    (FRENCH, "cp1252", "windows-1252"),
    (GERMAN, "cp1252", "windows-1252"),
    (SPANISH, "cp1252", "windows-1252"),
]
EVERYTHING = HANS + HANT + JAPANESE + KOREAN + FRENCH + GERMAN + SPANISH


@pytest.mark.parametrize(
    ("sentence", "codec", "name"),
    [(s, codec, name) for sentences, codec, name in READABLE for s in sentences],
)
def test_each_sentence_in_each_encoding(sentence, codec, name):
    assert decode(sentence.encode(codec)) == Decoded(sentence, name, None)


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
    ],
)
@pytest.mark.parametrize("sentence", EVERYTHING)
def test_each_sentence_in_each_unicode_form(sentence, codec, name):
    assert decode(sentence.encode(codec)) == Decoded(sentence, name, None)


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (b"\xfe\xff", "utf-16-be", "utf-16-be"),
        (b"\x00\x00\xfe\xff", "utf-32-be", "utf-32-be"),
        (b"\x84\x31\x95\x33", "gb18030", "gb18030"),
    ],
)
def test_byte_order_marks_go(mark, codec, name):
    assert decode(mark + HANS[0].encode(codec)) == Decoded(HANS[0], name, None)


def test_an_english_text_in_utf16_without_a_mark():
    text = "Plain words, nothing else.\n" * 3
    assert decode(text.encode("utf-16-le")) == Decoded(text, "utf-16-le", None)
    assert decode(text.encode("utf-16-be")) == Decoded(text, "utf-16-be", None)


def test_ascii_of_even_length_is_not_utf16():
    assert decode(b"this app can break").text == "this app can break"


def test_gbk_that_happens_to_be_utf8_is_refused():
    data = "丶苑 notes".encode("gb18030")
    assert data.decode("utf-8") == "ؼԷ notes"
    with pytest.raises(UnreadableError, match="not certain"):
        decode(data)


@pytest.mark.parametrize("text", ["β-Каротин", "é", "Ωmega", "Приве́т", "שלום é", "αβγ δ"])
def test_short_texts_in_two_byte_scripts_are_read(text):
    assert decode(text.encode()).text == text


def test_a_table_of_digits_between_tabs_stays_one():
    assert decode(b"1\t2\t3\t4\t5\t6\t7\t8\n" * 3).encoding == "utf-8"


def test_iso_2022_jp_is_not_taken_for_ascii():
    assert decode(JAPANESE[0].encode("iso2022_jp")).text == JAPANESE[0]


HEAD = "---\nlayout: post\ntitle: report\n---\n" + "<p class='lead'>\n" * 2000


@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1", "gb2312", "big5", "no-such"])
def test_a_long_ascii_head_does_not_decide_for_the_body(declared):
    assert decode((HEAD + HANS[0]).encode("gb18030"), declared=declared).text == HEAD + HANS[0]
    assert decode((HEAD + HANT[0]).encode("big5"), declared=declared).text == HEAD + HANT[0]


def test_a_declaration_settles_what_the_bytes_leave_open():
    title = "東京大学".encode("euc_jp")
    with pytest.raises(UnreadableError):
        decode(title)
    russian = "Библиотека оцифровала все старые газеты."
    with pytest.raises(UnreadableError):
        decode(russian.encode("cp1251"))
    assert decode(russian.encode("cp1251"), declared="windows-1251").text == russian


def test_gb2312_declared_means_gb18030():
    text = "朱镕基与瞭望周刊，生僻字㐂𠀀都在这里，这是一段正常的中文。"
    assert decode(text.encode("gb18030"), declared="gb2312") == Decoded(text, "gb18030", None)


@pytest.mark.parametrize(
    "sentence",
    [
        "Ερώτηση και απάντηση για τη βιβλιοθήκη.",
        "Kütüphane bütün eski gazeteleri taradı, ışığı açtı.",
    ],
)
def test_other_code_pages_are_not_read_as_western(sentence):
    codec = "cp1253" if sentence[0] == "Ε" else "cp1254"
    with pytest.raises(UnreadableError):
        decode(sentence.encode(codec))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfe \x00\n\x00", "empty"),
        ("\u3000\u3000\n".encode(), "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff", "a PNG image"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", "a ZIP archive"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00", "an ELF program"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
        (b"words\x00words\x00words", "NUL"),
        (bytes(range(256)) * 8, "not a text"),
        (b"a\x01b\x02c\x03d\x04" * 50, "control characters"),
        (b"\xff\xfe" + b"\x00\xd8" * 9, "byte order mark of UTF-16-LE"),
        (b"\x81\xff\xff\x81 words", "in no encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_its_reason(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        decode(data)


def test_an_article_may_begin_like_a_picture():
    assert decode(b"GIF89a is a file format.").text == "GIF89a is a file format."


@pytest.mark.parametrize(
    ("sentence", "codec", "name"),
    [(HANS[0], "utf-8", "utf-8"), (HANS[0], "gb18030", "gb18030"), (HANT[0], "big5", "big5-hkscs")],
)
def test_a_cut_download_keeps_a_mark_where_it_was_cut(sentence, codec, name):
    data = sentence.encode(codec)[:-1]
    decoded = decode(data)
    assert decoded == Decoded(sentence[:-1] + "\ufffd", f"{name} (damaged)", None)
    (damage,) = find_damages(decoded.text)
    assert (damage.start, damage.end) == (len(sentence) - 1, len(sentence))


def test_utf16_with_an_odd_byte_at_the_end():
    assert decode(b"\xff\xfe" + HANS[0].encode("utf-16-le") + b"\x4e").text == HANS[0] + "\ufffd"


def test_a_few_bad_bytes_in_utf8_stay_visible():
    good = "\n".join(HANS).encode()
    at = len(HANS[0].encode())
    decoded = decode(good[:at] + b"\xff" + good[at:])
    assert decoded.text == HANS[0] + "\ufffd\n" + "\n".join(HANS[1:])
    assert decoded.encoding == "utf-8 (damaged)"
    assert [(d.start, d.end) for d in find_damages(decoded.text)] == [
        (len(HANS[0]), len(HANS[0]) + 1)
    ]


def test_many_bad_bytes_are_refused():
    with pytest.raises(UnreadableError):
        decode(b"\xff".join(character.encode() for character in HANS[0]))


def test_surrogates_in_utf8_do_not_get_through():
    decoded = decode("\n".join(HANS * 2).encode() + "\ud83d".encode("utf-8", "surrogatepass"))
    decoded.text.encode()
    assert "\ufffd" in decoded.text


def read(data, *, declared=None):
    try:
        return decode(data, declared=declared)
    except UnreadableError:
        return None


def misread(text, right, wrong):
    if wrong != "windows-1252":
        return text.encode(right).decode(wrong)
    return "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in text.encode(right))


@pytest.mark.parametrize(
    ("text", "right", "wrong", "name"),
    [
        (HANS[0], "utf-8", "latin-1", "utf-8 read as latin-1"),
        (HANS[1], "utf-8", "windows-1252", "utf-8 read as windows-1252"),
        (HANT[2], "utf-8", "windows-1252", "utf-8 read as windows-1252"),
        ("银行里的数据库都更新了！", "utf-8", "gb18030", "utf-8 read as gb18030"),
        (HANS[0], "gb18030", "latin-1", "gb18030 read as latin-1"),
        (HANS[3], "gb18030", "windows-1252", "gb18030 read as latin-1"),
        (HANT[0], "big5hkscs", "gb18030", "big5-hkscs read as gb18030"),
        (HANT[1], "big5hkscs", "latin-1", "big5-hkscs read as latin-1"),
        (JAPANESE[0], "euc_jp", "gb18030", "euc-jp read as gb18030"),
        (KOREAN[0], "cp949", "latin-1", "euc-kr read as latin-1"),
        (FRENCH[1], "utf-8", "windows-1252", "utf-8 read as windows-1252"),
        (GERMAN[1], "utf-8", "latin-1", "utf-8 read as latin-1"),
    ],
)
def test_mojibake_is_repaired(text, right, wrong, name):
    garbled = misread(text, right, wrong)
    assert garbled != text
    assert decode(garbled.encode()) == Decoded(text, "utf-8", name)


def test_whole_lines_are_repaired_between_good_ones():
    lines = [HANS[0], misread(HANS[1], "utf-8", "latin-1"), "", HANS[2]]
    assert decode("\n".join(lines).encode()) == Decoded(
        "\n".join([HANS[0], HANS[1], "", HANS[2]]), "utf-8", "utf-8 read as latin-1 (1 of 4 lines)"
    )


def test_text_garbled_twice():
    twice = misread(misread(HANS[0], "utf-8", "latin-1"), "utf-8", "latin-1")
    assert decode(twice.encode()) == Decoded(HANS[0], "utf-8", "utf-8 read as latin-1 twice")


@pytest.mark.parametrize("codec", ["gbk", "cp1252"])
@pytest.mark.parametrize("text", ["".join(HANS), "".join(HANT), "".join(JAPANESE)])
def test_mojibake_that_lost_bytes_is_refused(text, codec):
    garbled = text.encode().decode(codec, "replace").replace("\ufffd", "?")
    with pytest.raises(UnreadableError, match="garbled"):
        decode(garbled.encode())


GOOD = (
    *EVERYTHING,
    "Ã is a letter of Portuguese: São João, irmã, avião.",
    "An é that went wrong shows as Ã© on the page, an ü as Ã¼: é, ü.",
    "20 °C ± 0,5 · 3½ × 4¾ m² · §§ 5–7 · © 2020 · £30 · €5",
    "姓名：犇骉、龘、彧、曌、祎、赟、翀、昶、珺、頔、垚、淼、焱、鑫",
    "《尔雅》：“鮤，鱴刀。”郭璞注：“今之鮆鱼也，亦呼为魛鱼。”",
    "全角ＡＢＣ１２３，％＃＠（括号）【方头】——破折号……省略号",
    "今天真开心😀👍🏽🎉，哈哈哈哈🤣🤣！！！",
    "Tiếng Việt có nhiều dấu: Ở Ấn Độ, các trường tư được gọi là trường độc lập.",
    "Łódź, Gdańsk, žluťoučký kůň, çığ, ı, İstanbul, ő, ű, Þórður, Ærø, Åse",
    "Привет, мир! Γειά σου Κόσμε! שלום עולם! مرحبا بالعالم สวัสดีชาวโลก नमस्ते दुनिया",
    "ｶﾀｶﾅ ﾊﾝｶｸ と 全角カタカナ",
    "鑫淼科技（集團）股份有限公司 2024 Q3 营收 1.6 億元人民幣",
    "ïve naïve façade œuvre Œdipe ÆØÅ «guillemets» „Gänsefüßchen“ ‚einfach‘",
    "涓涓细流，汇成江海；枃字罕见。",
)


@pytest.mark.parametrize("text", GOOD)
def test_good_text_is_left_alone(text):
    assert decode(text.encode()) == Decoded(text, "utf-8", None)


@given(st.lists(st.sampled_from(GOOD), min_size=1, max_size=12), st.sampled_from(["\n", " ", "，"]))
def test_no_mixture_of_good_text_is_repaired(parts, joint):
    text = joint.join(parts)
    assert decode(text.encode()) == Decoded(text, "utf-8", None)


@given(st.sampled_from(READABLE), st.data())
def test_a_legacy_file_is_read_right_or_refused(case, data):
    sentences, codec, _ = case
    parts = data.draw(st.lists(st.sampled_from(sentences), min_size=1, max_size=6))
    head = data.draw(st.sampled_from(["", "<html><head></head>\n", "title: x\ndate: 2024-01-02\n"]))
    declared = data.draw(st.sampled_from([None, "utf-8", "gbk", "big5", "latin-1", "shift_jis"]))
    text = "".join(parts)
    start = data.draw(st.integers(0, len(text) - 1))
    text = head + text[start : data.draw(st.integers(start + 1, len(text)))]
    if not text.strip():
        return
    decoded = read(text.encode(codec), declared=declared)
    if decoded and len(text) - len(head) >= 12:
        assert decoded.text == text


@given(st.text(min_size=1))
def test_any_unicode_text_comes_back_from_utf8_or_is_refused(text):
    decoded = read(text.encode())
    assert decoded is None or decoded.repaired or decoded.text == text.removeprefix("\ufeff")


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_a_reason(data):
    decoded = read(data)
    if decoded is not None:
        decoded.text.encode()
        assert decoded.text.strip()
        assert "\0" not in decoded.text


def test_a_long_file_takes_linear_time():
    data = ("".join(HANS) * 20_000 + "\n").encode()  # 9 MB on one line
    started = time.perf_counter()
    assert decode(data).encoding == "utf-8"
    assert time.perf_counter() - started < 5.0


@pytest.mark.parametrize(
    "text",
    ["转载\n" * 200_000, "\n".join(f"罅{chr(0x4E00 + i % 20_000)}" for i in range(60_000))],
)
def test_very_many_short_lines_take_seconds(text):
    started = time.perf_counter()
    assert decode(text.encode()).text.count("\n") == text.count("\n")
    assert time.perf_counter() - started < 20


def test_garbled_lines_are_found_among_very_many():
    garbled = [f"第{i}行：{HANS[0]}" for i in range(3_000)]
    lines = [line.encode().decode("latin-1") for line in garbled]
    text = "\n".join(line for pair in zip(lines, HANS * 600, strict=True) for line in pair)
    decoded = decode(text.encode())
    assert decoded.text.split("\n")[::2] == garbled
    assert decoded.text.split("\n")[1::2] == list(HANS * 600)
    assert decoded.repaired.startswith("utf-8 read as latin-1")
