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
_FORM: Final = re.compile(r"(?<![a-z])(pcie|sxm|oam|nvl|hgx|dgx)[0-9]?(?![0-9a-z])")
# The baseboard and the machine that NVIDIA's modules come in.
_BOARDS: Final = {"hgx": "sxm", "dgx": "sxm"}
_COUNT: Final = re.compile(
    r"^[0-9]{1,2}\s*[x×*]\s*(?=[^0-9\s]*[a-z0-9])|(?:\s+x|[×*])\s*[0-9]{1,4}$"
    r"|(?<![0-9a-z])[0-9]{1,4}\s*[卡张块台]"
)
# Makers and families: a name means the same without them.
_FAMILY: Final = re.compile(
    r"nvidia|英伟达|geforce|tesla|quadro|rtx|gtx|amd|instinct|radeon|intel|英特尔|habana"
    r"|huawei|华为|ascend|昇腾|cambricon|寒武纪|思元|hygon|海光|dcu|kunlunxin|昆仑芯"
    r"|moore\s*threads|摩尔线程|mtt|iluvatar|corex|天数智芯|metax|沐曦|曦云|biren|壁仞|壁砺"
    r"|enflame|cloudblazer|燧原|云燧|t-head|平头哥|真武"
)
_KIND: Final = re.compile(r"hbm[0-9]e?|gddr[0-9]x?")
# Words for the thing itself and what is done with it.
_THING: Final = re.compile(
    r"nvlink|tensor\s*core|data\s*center|gpu|显卡|加速卡|计算卡|算力卡|卡"
    r"|显存|服务器|云主机|算力|租赁|出租|版"
)
_SEPARATORS: Final = re.compile(r"[\W_]+")
# 5000 may be a price and 910 a floor; 4090 is nothing else.
_ANY_NUMBER: Final = re.compile(r"[0-9]{1,3}|[0-9]+00")


@dataclass(frozen=True)
class GpuModel:
    """One model of the catalogue; None where the source says nothing.

    Rates are peaks of dense matrices (no sparsity) in 10^12 operations a second, accumulated in
    32 bits where the maker tells the difference; only FP64 and FP32 are those of the vector units,
    which every maker publishes. Where a maker prints rates with 2:4 sparsity alone, half of it.

    Attributes:
        key: Short name in tables and URLs, such as `rtx-4090`; never changed once released.
        name: The maker's name for it.
        vendor: The maker.
        architecture: The maker's name of the generation, such as Ada or CDNA 3; empty if unknown.
        form: pcie, sxm, nvl or oam; empty where it is another, open or unknown.
        memory_gib: Memory of one GPU. Makers write GB and mean GiB, for HBM nearly so.
        also_gib: What sellers write for the same card: the whole of a card of several GPUs, or
            the chip's memory before the part the maker keeps.
        memory_type: Such as HBM3.
        bandwidth_gb_s: Bandwidth of that memory in 10^9 bytes a second.
        interconnect: Links to other GPUs and to the machine, widest first; both directions added.
        tflops_fp64: FP64 on vectors.
        tflops_fp32: FP32 on vectors.
        tflops_tf32: TF32 on matrices.
        tflops_16bit: FP16 or BF16 on matrices; on vectors where there are no matrix units.
        tflops_fp8: FP8 on matrices.
        tops_int8: INT8 on matrices; on vectors where there are no matrix units.
        tdp_w: Power the board or module is built for, in watts; None for a part of a board.
        year: Of its launch.
        source: The maker's documents the figures come from, each with its year.
        checked: Where figures of the row were seen again: `datasheet text`, or `secondary: ` and
            of what kind; empty where they stand as the named document was remembered.
        aliases: What is left of its names without maker, family and memory.
    """

    key: str
    name: str
    vendor: str
    architecture: str
    form: str
    memory_gib: int | None
    also_gib: tuple[int, ...]
    memory_type: str
    bandwidth_gb_s: float | None
    interconnect: str
    tflops_fp64: float | None
    tflops_fp32: float | None
    tflops_tf32: float | None
    tflops_16bit: float | None
    tflops_fp8: float | None
    tops_int8: float | None
    tdp_w: int | None
    year: int | None
    source: str
    checked: str
    aliases: tuple[str, ...]


def _read() -> dict[str, GpuModel]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["key"]: _model(row) for row in csv.DictReader(file, strict=True)}


def _model(row: dict[str, str]) -> GpuModel:
    return GpuModel(
        key=row["key"],
        name=row["name"],
        vendor=row["vendor"],
        architecture=row["architecture"],
        form=row["form"],
        memory_gib=_whole(row["memory_gib"]),
        also_gib=tuple(int(size) for size in row["also_gib"].split("|") if size),
        memory_type=row["memory_type"],
        bandwidth_gb_s=_figure(row["bandwidth_gb_s"]),
        interconnect=row["interconnect"],
        tflops_fp64=_figure(row["tflops_fp64"]),
        tflops_fp32=_figure(row["tflops_fp32"]),
        tflops_tf32=_figure(row["tflops_tf32"]),
        tflops_16bit=_figure(row["tflops_16bit"]),
        tflops_fp8=_figure(row["tflops_fp8"]),
        tops_int8=_figure(row["tops_int8"]),
        tdp_w=_whole(row["tdp_w"]),
        year=_whole(row["year"]),
        source=row["source"],
        checked=row["checked"],
        aliases=tuple(row["names"].split("|")),
    )


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _figure(text: str) -> float | None:
    return float(text) if text else None


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
    another card than the maker's: None. A round number alone is no name.
    """
    if len(text) > _LONGEST_NAME:
        return None
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    # X8 is a number of cards, or the end of a name: the whole is tried first.
    return _named(plain) or _named(_COUNT.sub(" ", plain).strip())


def _named(text: str) -> GpuModel | None:
    memory, form, kind = _MEMORY.search(text), _FORM.search(text), _KIND.search(text)
    rest = _KIND.sub(" ", _FORM.sub(" ", _MEMORY.sub(" ", text)))
    bare, families = _FAMILY.subn(" ", rest)
    name = _SEPARATORS.sub("", _THING.sub(" ", bare))
    if not families and _ANY_NUMBER.fullmatch(name):
        return None
    size = int(memory[1]) if memory else None
    shape = _BOARDS.get(form[1], form[1]) if form else None
    fitting = [gpu for gpu in _BY_ALIAS.get(name, ()) if _fits(gpu, size, shape)]
    # `H100 80GB HBM3` is the module; but people are careless with HBM2 and HBM2e.
    meant = [gpu for gpu in fitting if kind and gpu.memory_type.casefold() == kind[0]]
    return next(iter(meant or fitting), None)


def _fits(gpu: GpuModel, size: int | None, shape: str | None) -> bool:
    """Whether memory and form as written, where they are, speak of this variant.

    What the catalogue does not know refutes nothing.
    """
    known = gpu.memory_gib is None or size in (None, gpu.memory_gib, *gpu.also_gib)
    return known and (not gpu.form or shape in (None, gpu.form))
