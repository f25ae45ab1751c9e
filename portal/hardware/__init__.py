"""The catalogue of GPUs that offers are about, and how people write their names.

The figures lie in catalogue.csv, each row with the maker's document they come from; what that
document does not say, or what we could not confirm, is empty, never guessed.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("catalogue.csv")
_LONGEST_NAME: Final = 100
_MEMORY: Final = re.compile(r"(?<![0-9a-z])([0-9]{1,3})\s*(?:gib|gb|g)(?![0-9a-z])")
_FORM: Final = re.compile(r"(?<![a-z])(pcie|sxm|oam|nvl)[0-9]?(?![0-9a-z])")
_COUNT: Final = re.compile(
    r"^[0-9]{1,2}\s*[x×*]\s*(?=[^0-9\s]*[a-z0-9])|(?:\s+x|[×*])\s*[0-9]{1,4}$"
    r"|(?<![0-9a-z])[0-9]{1,4}\s*[卡张块台]"
)
# Makers, families and the word for the thing itself: a name means the same without them.
_NOISE: Final = re.compile(
    r"nvidia|英伟达|geforce|tesla|quadro|rtx|gtx|amd|instinct|radeon|intel|英特尔|habana|huawei|华为"
    r"|ascend|昇腾|cambricon|寒武纪|思元|hygon|海光|dcu|kunlunxin|昆仑芯|moore\s*threads|摩尔线程|mtt"
    r"|iluvatar|天数智芯|metax|沐曦|tensor\s*core|gpu|显卡|加速卡|计算卡|算力卡|卡"
)
_SEPARATORS: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class GpuModel:
    """One model of the catalogue; None where the source says nothing.

    Attributes:
        key: Short name in tables and URLs, such as `rtx-4090`.
        name: The maker's name for it.
        vendor: The maker.
        form: pcie, sxm, nvl or oam; empty where there is one form only or it is unknown.
        memory_gib: Memory of one GPU. Makers write GB and mean GiB, for HBM nearly so.
        memory_type: Such as HBM3.
        bandwidth_gb_s: Bandwidth of that memory in 10^9 bytes a second.
        interconnect: Links to other GPUs and to the machine, widest first; both directions added.
        tflops_16bit: 10^12 FP16 or BF16 operations a second on matrices, dense, accumulated in
            32 bits where the maker tells the difference.
        year: Of its launch.
        source: The document the figures come from.
        aliases: What is left of its names without maker, family and memory.
    """

    key: str
    name: str
    vendor: str
    form: str
    memory_gib: int | None
    memory_type: str
    bandwidth_gb_s: float | None
    interconnect: str
    tflops_16bit: float | None
    year: int | None
    source: str
    aliases: tuple[str, ...]


def _read() -> dict[str, GpuModel]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: _model(row) for row in csv.DictReader(file)}


def _model(row: dict[str, str]) -> GpuModel:
    return GpuModel(
        key=row["key"],
        name=row["name"],
        vendor=row["vendor"],
        form=row["form"],
        memory_gib=int(row["memory_gib"]) if row["memory_gib"] else None,
        memory_type=row["memory_type"],
        bandwidth_gb_s=float(row["bandwidth_gb_s"]) if row["bandwidth_gb_s"] else None,
        interconnect=row["interconnect"],
        tflops_16bit=float(row["tflops_16bit"]) if row["tflops_16bit"] else None,
        year=int(row["year"]) if row["year"] else None,
        source=row["source"],
        aliases=tuple(row["names"].split("|")),
    )


MODELS: Final = _read()
"""Every model by its key; of one name, the most modest variant first."""


def _by_alias() -> dict[str, list[GpuModel]]:
    found: dict[str, list[GpuModel]] = defaultdict(list)
    for gpu in MODELS.values():
        for alias in gpu.aliases:
            found[alias].append(gpu)
    return dict(found)


_BY_ALIAS: Final = _by_alias()


def model(key: str | None) -> GpuModel | None:
    """The model of a key; None for a key that is none."""
    return MODELS.get(key or "")


def choices() -> dict[str, list[tuple[str, str]]]:
    """All models as (key, name) by their maker, for a select."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for gpu in MODELS.values():
        found[gpu.vendor].append((gpu.key, gpu.name))
    return dict(found)


@lru_cache(maxsize=2048)
def match(text: str) -> GpuModel | None:
    """The model that `text` names, as people write it: `4090`, `英伟达 RTX4090`, `A100 (80 GB)`.

    Where the text leaves the variant open the most modest one is meant, so that nothing is
    promised that was not said. A memory that no variant has (the 4090 rebuilt with 48 GB) is
    another card than the maker's: None.
    """
    if len(text) > _LONGEST_NAME:
        return None
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    # X8 is a number of cards, or the end of a name: the whole is tried first.
    return _named(plain) or _named(_COUNT.sub(" ", plain).strip())


def _named(text: str) -> GpuModel | None:
    memory, form = _MEMORY.search(text), _FORM.search(text)
    rest = _FORM.sub(" ", _MEMORY.sub(" ", text))
    name = _SEPARATORS.sub("", _NOISE.sub(" ", rest))
    for gpu in _BY_ALIAS.get(name, ()):
        fits_memory = memory is None or gpu.memory_gib == int(memory[1])
        if fits_memory and (form is None or gpu.form == form[1]):
            return gpu
    return None
