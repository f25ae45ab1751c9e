"""Where machines stand: the closed tree of China's provinces and cities, and places abroad.

The tree lies in china.csv: names and GB/T 2260 codes of the 34 province-level and the 333
prefecture-level divisions, as the Ministry of Civil Affairs lists them (2023), and under
`overseas` the countries where GPUs are let, by their ISO 3166-1 codes. A district or county is
no place of its own here.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

OVERSEAS: Final = "overseas"
"""Code of the root of all places abroad."""

_FILE: Final = Path(__file__).with_name("china.csv")
_FORMAL_REGIONS: Final = {
    "150000": "内蒙古自治区",
    "450000": "广西壮族自治区",
    "540000": "西藏自治区",
    "640000": "宁夏回族自治区",
    "650000": "新疆维吾尔自治区",
}
_SUFFIXES: Final = {"municipality": "市", "province": "省", "city": "市", "sar": "特别行政区"}
_GROUPS: Final = {
    "municipality": {"zh": "直辖市", "en": "municipality"},
    "sar": {"zh": "特别行政区", "en": "SAR"},
}


@dataclass(frozen=True)
class Place:
    """One node of the tree.

    Attributes:
        code: GB/T 2260 code, or `overseas` and `overseas-<ISO 3166-1>`.
        parent: Code of the node above; None at the top.
        kind: municipality, province, region, sar, city, prefecture, overseas or country.
        name_zh: Short Chinese name, such as 深圳.
        name_en: English name, such as Shenzhen.
    """

    code: str
    parent: str | None
    kind: str
    name_zh: str
    name_en: str

    def name(self, locale: str) -> str:
        """The name in `zh` or `en`."""
        return self.name_zh if locale == "zh" else self.name_en


def _read() -> dict[str, Place]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Place(
                row["code"], row["parent"] or None, row["kind"], row["zh"], row["en"]
            )
            for row in csv.DictReader(file)
        }


PLACES: Final = _read()
"""Every place by its code, in the order of the codes: a node comes before what lies in it."""


def _children() -> dict[str | None, list[Place]]:
    found: dict[str | None, list[Place]] = defaultdict(list)
    for node in PLACES.values():
        found[node.parent].append(node)
    return dict(found)


_CHILDREN: Final = _children()


def place(code: str | None) -> Place | None:
    """The place of a code; None for a code that is none."""
    return PLACES.get(code or "")


def children(code: str | None = None) -> list[Place]:
    """The places directly below `code`; None: the top of the tree."""
    return list(_CHILDREN.get(code, ()))


def province_of(code: str) -> Place | None:
    """The top of the branch `code` is on: its province, or `overseas`."""
    node = place(code)
    while node is not None and node.parent is not None:
        node = PLACES[node.parent]
    return node


def is_within(code: str, ancestor: str) -> bool:
    """Whether `code` is `ancestor` or lies in it."""
    node = place(code)
    while node is not None:
        if node.code == ancestor:
            return True
        node = place(node.parent)
    return False


@lru_cache(maxsize=512)
def descendants(code: str) -> frozenset[str]:
    """Codes of the place and of everything in it; empty for a code that is none."""
    if code not in PLACES:
        return frozenset()
    return frozenset({code}).union(*(descendants(child.code) for child in children(code)))


@lru_cache(maxsize=1024)
def label(code: str | None, locale: str) -> str:
    """The place as readers see it: `直辖市 北京`, `广东 深圳`; `Shenzhen, Guangdong`.

    No place is an empty text; a code that is none stands as it is.
    """
    node = place(code)
    if node is None:
        return code or ""
    name = node.name(locale)
    if group := _GROUPS.get(node.kind):
        return f"{group['zh']} {name}" if locale == "zh" else f"{name} ({group['en']})"
    above = place(node.parent)
    if above is None or node.kind == "country":
        return name
    outer = above.name(locale)
    return f"{outer} {name}" if locale == "zh" else f"{name}, {outer}"


@lru_cache(maxsize=8)
def choices(locale: str) -> dict[str, list[tuple[str, str]]]:
    """All places as (code, text) by the heading of their group, for a select.

    Municipalities and special administrative regions come first; a province leads its group.
    """
    direct = "直辖市与特别行政区" if locale == "zh" else "Municipalities and SARs"
    groups: dict[str, list[tuple[str, str]]] = {direct: []}
    for top in children():
        if top.kind in _GROUPS:
            groups[direct].append((top.code, top.name(locale)))
            continue
        whole = f"{top.name_zh}（全境）" if locale == "zh" else f"{top.name_en} (anywhere in it)"
        below = children(top.code)
        first = (top.code, whole if below else top.name(locale))
        groups[top.name(locale)] = [first, *((node.code, node.name(locale)) for node in below)]
    return groups


def find(text: str) -> Place | None:
    """The place that `text` names exactly, in Chinese or English, short or formal.

    None where nothing is so named, or more than one place is (Suzhou is in Jiangsu and in Anhui).
    """
    return _names().get(_key(text))


def _key(text: str) -> str:
    return "".join(text.casefold().replace("'", "").replace("’", "").replace(",", " ").split())


@lru_cache(maxsize=1)
def _names() -> dict[str, Place | None]:
    found: dict[str, Place | None] = {}
    # Provinces first: 吉林 is the province, its city is 吉林市.
    for node in sorted(PLACES.values(), key=lambda node: node.parent is not None):
        for name in {_key(name) for name in _names_of(node)}:
            known = found.get(name, node)
            if known is None or known.code == node.code:
                found[name] = known
            elif known.parent is not None:
                found[name] = None
    return found


def _names_of(node: Place) -> Iterator[str]:
    yield from (node.code, label(node.code, "zh"), label(node.code, "en"), node.name_en)
    short = {node.name_zh, formal_name(node)}
    yield from short
    if (above := place(node.parent)) and node.kind != "country":
        for outer in (above.name_zh, formal_name(above)):
            yield from (outer + name for name in short)


def formal_name(node: Place) -> str:
    """The full Chinese name: 广东省, 深圳市, 广西壮族自治区."""
    suffix = _SUFFIXES.get(node.kind, "")
    return _FORMAL_REGIONS.get(node.code) or node.name_zh.removesuffix(suffix) + suffix
