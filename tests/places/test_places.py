"""The tree of places is whole, and is found and named as people do."""

from collections import Counter

import pytest

from portal import places
from portal.places import OVERSEAS, PLACES

# Prefecture-level divisions of each province (Ministry of Civil Affairs, 2023): 333 in all.
DIVISIONS = {
    "河北": 11, "山西": 11, "内蒙古": 12, "辽宁": 14, "吉林": 9, "黑龙江": 13, "江苏": 13, "浙江": 11, "安徽": 16,
    "福建": 9, "江西": 11, "山东": 16, "河南": 17, "湖北": 13, "湖南": 14, "广东": 21, "广西": 14, "海南": 4,
    "四川": 21, "贵州": 9, "云南": 16, "西藏": 7, "陕西": 10, "甘肃": 14, "青海": 8, "宁夏": 5, "新疆": 14,
    "北京": 0, "天津": 0, "上海": 0, "重庆": 0, "台湾": 0, "香港": 0, "澳门": 0,
}  # fmt: skip


def test_every_division_is_there() -> None:
    found = {
        top.name_zh: len(places.children(top.code))
        for top in places.children()
        if top.code != OVERSEAS
    }
    assert found == DIVISIONS
    assert sum(found.values()) == 333
    kinds = Counter(place.kind for place in PLACES.values())
    assert kinds["municipality"] == 4
    assert kinds["region"] == 5
    assert kinds["sar"] == 2
    assert kinds["province"] == 23
    assert kinds["city"] == 293


def test_the_tree_is_sound() -> None:
    seen: set[str] = set()
    for place in PLACES.values():
        assert place.parent is None or place.parent in seen, place
        assert place.code not in seen
        assert len(place.code) <= 32
        assert place.name_zh.strip() == place.name_zh != ""
        assert place.name_en.strip() == place.name_en != ""
        seen.add(place.code)
        if place.code.isdigit():
            assert len(place.code) == 6
            assert place.parent in {None, place.code[:2] + "0000"}
            assert place.code.endswith("0000" if place.parent is None else "00")
        else:
            assert OVERSEAS in {place.code, place.parent}


def test_names_are_unique_within_their_province() -> None:
    for locale in ("zh", "en"):
        names = Counter((place.parent, place.name(locale)) for place in PLACES.values())
        assert max(names.values()) == 1


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("110000", "直辖市 北京", "Beijing (municipality)"),
        ("440300", "广东 深圳", "Shenzhen, Guangdong"),
        ("440000", "广东", "Guangdong"),
        ("810000", "特别行政区 香港", "Hong Kong (SAR)"),
        ("overseas-sg", "新加坡", "Singapore"),
        ("overseas", "海外", "Overseas"),
        ("nowhere", "nowhere", "nowhere"),
        (None, "", ""),
    ],
)
def test_labels(code: str | None, zh: str, en: str) -> None:
    assert places.label(code, "zh") == zh
    assert places.label(code, "en") == en


def test_what_lies_in_what() -> None:
    assert places.province_of("440300") == PLACES["440000"]
    assert places.province_of("440000") == PLACES["440000"]
    assert places.province_of("overseas-us") == PLACES[OVERSEAS]
    assert places.province_of("nowhere") is None
    assert places.is_within("440300", "440000")
    assert places.is_within("440300", "440300")
    assert not places.is_within("440000", "440300")
    assert not places.is_within("nowhere", "440000")
    assert places.descendants("110000") == {"110000"}
    assert len(places.descendants("440000")) == 22
    assert places.descendants("nowhere") == frozenset()


@pytest.mark.parametrize("locale", ["zh", "en"])
def test_choices_hold_every_place_once(locale: str) -> None:
    offered = Counter(code for group in places.choices(locale).values() for code, _ in group)
    assert set(offered) == set(PLACES)
    assert set(offered.values()) == {1}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("北京", "110000"), ("北京市", "110000"), ("直辖市 北京", "110000"), ("Beijing", "110000"), ("110000", "110000"),
        ("深圳", "440300"), ("深圳市", "440300"), ("广东省深圳市", "440300"), ("广东 深圳", "440300"), ("shenzhen", "440300"),
        ("Xi’an", "610100"), ("Xian", "610100"), ("新疆维吾尔自治区", "650000"), ("吉林", "220000"), ("吉林市", "220200"),
        ("香港特别行政区", "810000"), ("Hong Kong", "810000"), ("海南", "460000"), ("Suzhou, Jiangsu", "320500"), ("江苏苏州", "320500"),
        ("海外", "overseas"), ("新加坡", "overseas-sg"), ("United States", "overseas-us"),
        # Named twice, or not at all.
        ("Suzhou", None), ("Nowhere", None), ("", None), ("京", None),
    ],
)  # fmt: skip
def test_places_are_found_by_their_names(text: str, code: str | None) -> None:
    found = places.find(text)
    assert (found.code if found else None) == code


def test_every_place_is_found_by_its_own_labels() -> None:
    for place in PLACES.values():
        for locale in ("zh", "en"):
            assert places.find(places.label(place.code, locale)) == place
