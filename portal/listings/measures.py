"""Whole numbers as sheets write them: with the unit of their field, or as a range, which is no number."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from flask_babel import lazy_gettext as _l

from portal.listings.fields import Rule
from portal.web.formatting import format_number
from portal.web.parsing import Invalid

_K: Final = 1000
_BINARY: Final = 1024
_GIB: Final = dict.fromkeys(("g", "gb", "gib"), 1) | {"tib": _BINARY}
# Memory comes in powers of two whatever it is called; disks are sold by powers of ten.
_MEMORY: Final = _GIB | dict.fromkeys(("t", "tb"), _BINARY)
_DISK: Final = _GIB | dict.fromkeys(("t", "tb"), _K)
_GBPS: Final = {
    **dict.fromkeys(("g", "gbps", "gbit", "gbit/s", "gb/s"), 1),
    **dict.fromkeys(("t", "tbps", "tbit", "tbit/s", "tb/s"), _K),
}
_MBPS: Final = {
    **dict.fromkeys(("m", "mbps", "mbit", "mbit/s", "mb/s", "兆"), 1),
    **{unit: times * _K for unit, times in _GBPS.items()},
}
_UNITS: Final[Mapping[str, Mapping[str, int]]] = {
    "gpu_memory_gib": _MEMORY,
    "ram_gib": _MEMORY,
    "disk_gib": _DISK,
    "network_down_mbps": _MBPS,
    "network_up_mbps": _MBPS,
    "fabric_gbps": _GBPS,
    "gpu_count": dict.fromkeys(("gpu", "gpus", "卡", "张"), 1),
    "cpu_cores": dict.fromkeys(("core", "cores", "vcpu", "vcpus", "核"), 1),
    "delivery_days": dict.fromkeys(("d", "day", "days", "天", "日"), 1),
}
"""Field → what may stand behind its number, in small letters → how many of the field's own unit."""
_BYTES: Final = re.compile("B/s")
"""A speed in bytes is eight times one in bits: it is asked for anew rather than taken for one."""
_LARGER: Final = frozenset({"delivery_days", "max_term"})
"""Fields of whose range the larger end is what holds for every buyer."""

_NUMBER: Final = r"([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
_UNIT: Final = r"\s*([^\s0-9.,~～–—-][^\s0-9~～–—-]{0,9}|)\s*"
_ONE: Final = re.compile(rf"\s*{_NUMBER}{_UNIT}")
_RANGE: Final = re.compile(
    rf"\s*{_NUMBER}{_UNIT}(?:[-–—~～至到]|to|\.\.)\s*{_NUMBER}{_UNIT}", re.IGNORECASE
)
_LONGEST: Final = 60


def read_count(rule: Rule, text: str) -> int | None:
    """A whole number, such as `8`, `8.0`, `16 GB` or `1.5 TB`.

    Raises:
        Invalid: none that the field can hold, or a range: which end to state is said.
    """
    value: int | None
    if len(text) < _LONGEST:
        if (one := _ONE.fullmatch(text)) and (count := _counted(rule.name, one[1], one[2])):
            text = count
        elif both := _RANGE.fullmatch(text):
            _refuse_range(rule.name, both)
    value = rule.read(text)
    return value


def _counted(name: str, number: str, unit: str) -> str | None:
    """The number in the field's own unit as digits; None: no such unit, or no whole number."""
    times = _times(name, unit)
    value = Decimal(number.replace(",", "")) * times if times else Decimal("0.5")
    return str(int(value)) if value == int(value) else None


def _times(name: str, unit: str) -> int | None:
    if not unit:
        return 1
    return None if _BYTES.search(unit) else _UNITS.get(name, {}).get(unit.casefold())


def _refuse_range(name: str, both: re.Match[str]) -> None:
    first, first_unit, last, last_unit = both.groups()
    ends = [_counted(name, first, first_unit or last_unit), _counted(name, last, last_unit)]
    known = [int(end) for end in ends if end is not None]
    if len(known) < len(ends):
        return
    if name in _LARGER:
        number = format_number(max(known))
        raise Invalid(_l("This is a range: state the larger number, %(number)s.", number=number))
    number = format_number(min(known))
    raise Invalid(_l("This is a range: state the smaller number, %(number)s.", number=number))
