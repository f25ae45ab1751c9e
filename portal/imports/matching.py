"""Which column of a sheet is which field of an offer: guessed from headings, chosen by people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Self

from portal.digests import digest_of
from portal.listings.sheet_cells import plain
from portal.listings.sheet_columns import COLUMNS, SheetColumn, heading
from portal.web.languages import in_each_language

OWN: Final = "own"
"""Target of a column that becomes one of the seller's own attributes, under its heading."""
TARGETS: Final = {key: column for key, column in COLUMNS.items() if column.read is not None}
"""Fields that a column can fill."""
CONSTANTS: Final = ("currency", "unit", "place", "kind", "delivery")
"""Fields that may be the same for all rows of a sheet that does not name them."""
KEYS: Final = ("own_number", "id")
"""Fields by which a row may say which offer it changes."""
LONGEST_PATTERN: Final = 300
LONGEST_OWN: Final = 50
"""Characters of a heading that becomes the name of an attribute."""
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_MOST_OWN: Final = 30
_BRACKETS: Final = re.compile(r"[(（\[].*?[)）\]]")

# What people call the columns; a heading is compared without case, blanks and signs.
_NAMES: Final = {
    "id": "listing id, offer id, 商品id",
    "title": "title, name, offer, product, 标题, 名称, 商品名称, 商品标题, 产品名称, 实例名称",
    "own_number": "number, no, sku, code, own number, 编号, 商品编号, 货号, 自编号",
    "own_category": "category, group, 分类, 类别",
    "brand": "brand, maker, manufacturer, vendor, 品牌, 厂商, 厂家",
    "gpu_model": "gpu, gpu type, gpu model, gpu name, model, accelerator, card, 型号, 显卡, 显卡型号, "
    "gpu型号, 卡型, 加速卡",
    "gpu_count": "gpus, gpu count, number of gpus, cards, 卡数, 显卡数, 显卡数量, gpu数量, gpu数",
    "gpu_memory_gib": "gpu memory, vram, memory per gpu, 显存, 单卡显存",
    "cpu_model": "cpu model, processor, cpu型号, 处理器",
    "cpu_cores": "vcpus, vcpu, cpus, cpu cores, cores, cpu核数, 核数, vcpu数, cpu核心",
    "ram_gib": "ram, memory, mem, system memory, 内存, 内存大小",
    "disk_gib": "disk, storage, ssd, 硬盘, 磁盘, 存储",
    "price": "price, on demand, hourly price, price per hour, cost, rate, 价格, 单价, 报价, 租金",
    "currency": "currency, 币种, 货币",
    "unit": "unit, per, billing unit, 单位, 计价单位, 计费单位, 计费方式",
    "stock": "stock, free, quantity, 库存, 可租数量, 数量, 可售数量",
    "place": "place, location, region, city, 地区, 地域, 所在地, 位置, 城市, 机房",
    "delivery_days": "delivery, delivery time, lead time, 发货期限, 交付时间, 交付天数, 交期",
    "valid_until": "valid until, expires, expiry, 有效期, 有效期至, 截止日期",
    "description": "description, details, text, 描述, 说明, 详细说明, 详情",
    "attributes": "attributes, specs, 属性, 参数",
}


@dataclass(frozen=True)
class Matching:
    """How a sheet is read.

    Args:
        columns: place of a column → key of TARGETS, or OWN; columns that are not named are left out.
        constants: field of CONSTANTS → text that stands for every row without one of its own.
        title: headings in braces with words between them, such as `{Cloud} {GPUs}× {GPU Type}`;
            empty: the title is a column's.
        key: by which offers are updated: one of KEYS; empty: every row is an offer of its own.
        clears: whether an empty cell empties the field of an offer that is there.
        gpus: name in the sheet → key in the catalogue; empty: none.
    """

    columns: Mapping[int, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    key: str = ""
    clears: bool = False
    gpus: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def stored(cls, columns: Mapping[str, str], options: Mapping[str, Any]) -> Self:
        """From the two JSON columns of an import; what is no longer known is left out."""
        known = {int(place): key for place, key in columns.items() if key in {*TARGETS, OWN}}
        return cls(
            columns=known,
            constants=dict(options.get("constants", {})),
            title=options.get("title", ""),
            key=options.get("key", ""),
            clears=bool(options.get("clears")),
            gpus=dict(options.get("gpus", {})),
        )

    def to_columns(self) -> dict[str, str]:
        """The columns for JSON."""
        return {str(place): key for place, key in self.columns.items()}

    def to_options(self) -> dict[str, Any]:
        """Everything but the columns for JSON."""
        return {
            "constants": dict(self.constants),
            "title": self.title,
            "key": self.key,
            "clears": self.clears,
            "gpus": dict(self.gpus),
        }

    def with_gpus(self, gpus: Mapping[str, str]) -> "Matching":
        """The same with other names for GPUs."""
        return replace(self, gpus=gpus)

    @property
    def targets(self) -> frozenset[str]:
        """All fields that some column fills."""
        return frozenset(self.columns.values()) - {OWN}


def digest_of_headings(headings: Sequence[str]) -> str:
    """Under which a matching is remembered: the headings, whatever their case and blanks."""
    return digest_of("\x1f".join(plain(text) for text in headings))


def guessed(headings: Sequence[str]) -> Matching:
    """What the headings suggest; columns that fit no field become own attributes."""
    columns: dict[int, str] = {}
    taken: set[str] = set()
    for place, text in enumerate(headings):
        key = _meant(text)
        if key in COLUMNS:
            if key in TARGETS and key not in taken:
                columns[place] = key
                taken.add(key)
        elif 0 < len(text) <= LONGEST_OWN and list(columns.values()).count(OWN) < _MOST_OWN:
            columns[place] = OWN
    key = next((one for one in KEYS if one in taken), "")
    return Matching(columns=columns, key=key)


def _meant(text: str) -> str | None:
    """Key of COLUMNS that a heading names, whole or without its brackets: `RAM (GiB)`."""
    known = _known()
    return known.get(plain(text)) or known.get(plain(_BRACKETS.sub("", text)))


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    found: dict[str, str] = {}
    for key, column in COLUMNS.items():
        for text in (*in_each_language(column.label), *_in_full(column)):
            found.setdefault(plain(text), key)
    for key, names in _NAMES.items():
        for name in names.split(", "):
            found.setdefault(plain(name), key)
    return found


def _in_full(column: SheetColumn) -> list[str]:
    class _Late:
        def __str__(self) -> str:
            return heading(column)

    return in_each_language(_Late())


def placeholders(pattern: str) -> list[str]:
    """The headings that a title's pattern names."""
    return [name.strip() for name in _PLACEHOLDER.findall(pattern)]


def places_of(headings: Sequence[str]) -> dict[str, int]:
    """Place of each heading as a pattern may write it; of two alike the first."""
    found: dict[str, int] = {}
    for place, text in enumerate(headings):
        found.setdefault(plain(text), place)
    return found


def composed(pattern: str, places: Mapping[str, int], cells: Sequence[str]) -> str:
    """A title by its pattern; what an empty cell leaves behind is tidied away."""

    def cell(match: re.Match[str]) -> str:
        place = places.get(plain(match[1]))
        return "" if place is None else cells[place].strip()

    return " ".join(_PLACEHOLDER.sub(cell, pattern).split())
