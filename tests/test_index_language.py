"""Language and script from characters alone."""

import pytest

from index.article import Script
from index.language import detect_language, detect_script

ZH = "银行的客服团队在去年完成了系统升级，客户的等待时间明显缩短。"


@pytest.mark.parametrize(
    ("text", "language", "script"),
    [
        (ZH, "zh", Script.SIMPLIFIED),
        ("銀行的客服團隊在去年完成了系統升級，客戶的等待時間明顯縮短。", "zh", Script.TRADITIONAL),
        ("呢間銀行嘅客服好好，佢哋成日都會覆你電話。", "zh", Script.TRADITIONAL),
        ("銀行を利用する人が増えています。手続きは簡単です。", "ja", Script.JAPANESE),
        ("日本銀行は金融政策決定会合を開く", "ja", Script.JAPANESE),
        ("은행 고객 센터는 지난해 시스템을 개선했다.", "ko", Script.KOREAN),
        ("The bank has finished the upgrade of its systems.", "en", Script.LATIN),
        ("Die Bank hat die Systeme im letzten Jahr nicht erneuert.", "de", Script.LATIN),
        ("La banque a renouvelé les systèmes dans le centre pour les clients.", "fr", Script.LATIN),
        ("El banco renovó los sistemas para que los clientes no esperen más.", "es", Script.LATIN),
        ("Банк обновил системы в прошлом году.", "ru", Script.OTHER),
        ("حدّث البنك أنظمته في العام الماضي.", "ar", Script.OTHER),
        ("ธนาคารปรับปรุงระบบเมื่อปีที่แล้ว", "th", Script.OTHER),
        ("XQJ-200 WPA2 RJ45", "und", Script.LATIN),
        ("12345 !!!", "und", Script.OTHER),
        ("", "und", Script.OTHER),
        # Mixed: what most of it is.
        (ZH + "They call it VTM and SIP and VPN.", "zh", Script.SIMPLIFIED),
        (
            "The bank calls the service of its branch in Hefei 远程银行 in all of its reports.",
            "en",
            Script.LATIN,
        ),
        (ZH + "優の良品", "zh", Script.SIMPLIFIED),
        # 后 and 里 are old characters too, 乾 is one of the simplified script as well.
        ("節后生產復工，線下交易陷入冰封，并舉措施", "zh", Script.TRADITIONAL),
        ("乾隆年间的票号", "zh", Script.SIMPLIFIED),
        # Nothing tells the scripts apart.
        ("中文", "zh", Script.SIMPLIFIED),
    ],
)
def test_language_and_script(text, language, script):
    assert (detect_language(text), detect_script(text)) == (language, script)


def test_half_and_half_is_decided_by_the_exclusive_characters():
    assert detect_script("银行业务" + "銀行業務開發") is Script.TRADITIONAL
    assert detect_script("银行业务开发" + "銀行業務") is Script.SIMPLIFIED
