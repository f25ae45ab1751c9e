"""The catalogue is sound, and models are found under the names people give them."""

import re
from collections import Counter, defaultdict
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import hardware
from portal.hardware import MODELS, GpuModel

EVERY = pytest.mark.parametrize("gpu", MODELS.values(), ids=MODELS)

CHINESE: Final = {
    "Huawei", "Cambricon", "Hygon", "Kunlunxin", "Moore Threads", "Iluvatar CoreX", "MetaX",
    "Biren", "Enflame", "T-Head",
}  # fmt: skip

# In databases and addresses of the first release.
RELEASED: Final = {
    "p40", "p100-pcie", "p100-sxm", "v100-pcie-16gb", "v100-sxm-16gb", "v100-pcie-32gb",
    "v100-sxm-32gb", "t4", "a2", "a10", "a30", "a40", "a100-pcie-40gb", "a100-sxm-40gb",
    "a100-pcie-80gb", "a100-sxm-80gb", "a800-pcie-80gb", "a800-sxm-80gb", "l4", "l20", "l40",
    "l40s", "h20", "h100-pcie", "h100-sxm", "h100-nvl", "h800-pcie", "h800-sxm", "h200-nvl",
    "h200-sxm", "b200", "rtx-2080-ti", "rtx-3080", "rtx-3090", "rtx-4080", "rtx-4090", "rtx-4090-d",
    "rtx-5080", "rtx-5090", "rtx-a4000", "rtx-a5000", "rtx-a6000", "rtx-6000-ada", "rtx-pro-6000",
    "mi210", "mi250x", "mi300x", "mi325x", "gaudi-2", "gaudi-3", "ascend-910", "ascend-910b",
    "mlu370-x8", "mlu370-x4", "hygon-k100-ai", "hygon-z100", "kunlunxin-r200", "mtt-s4000",
    "iluvatar-bi-v100", "metax-c500",
}  # fmt: skip

# 10^9 bytes a second that a memory of this kind has been built to, narrowest and widest board.
BANDWIDTHS: Final = {
    "GDDR5": (150, 400), "GDDR5X": (300, 700), "GDDR6": (190, 1_000), "GDDR6X": (600, 1_200), "GDDR7": (600, 1_900),
    "HBM": (400, 1_100), "HBM2": (500, 1_700), "HBM2e": (800, 3_800), "HBM3": (3_000, 5_500), "HBM3e": (3_500, 8_500), "HBM4": (10_000, 24_000),
    "LPDDR4X": (100, 500), "LPDDR5": (200, 800), "HiBL 1.0": (1_000, 2_000), "HiZQ 1.0": (3_000, 5_000),
}  # fmt: skip


@EVERY
def test_a_row_is_sound(gpu: GpuModel) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", gpu.key)
    assert len(gpu.key) <= 32
    assert gpu.name
    assert gpu.vendor
    assert gpu.form in {"pcie", "sxm", "nvl", "oam", ""}
    assert gpu.memory_gib is None or 8 <= gpu.memory_gib <= 512
    assert gpu.memory_gib not in gpu.also_gib
    assert gpu.year is None or 2014 <= gpu.year <= 2026
    assert gpu.tdp_w is None or 50 <= gpu.tdp_w <= 2_000
    assert all(gpu.aliases)


@EVERY
def test_bandwidth_is_what_its_memory_can_do(gpu: GpuModel) -> None:
    if gpu.bandwidth_gb_s is None:
        return
    slowest, fastest = BANDWIDTHS.get(gpu.memory_type, (100, 24_000))
    assert slowest <= gpu.bandwidth_gb_s <= fastest
    assert not gpu.memory_type or gpu.memory_type in BANDWIDTHS


@EVERY
def test_rates_grow_as_numbers_shrink(gpu: GpuModel) -> None:
    rates = (
        gpu.tflops_fp64, gpu.tflops_fp32, gpu.tflops_tf32, gpu.tflops_16bit, gpu.tflops_fp8,
    )  # fmt: skip
    known = [rate for rate in rates if rate is not None]
    assert known == sorted(known)
    assert all(1 / 2 <= rate <= 25_000 for rate in known)
    if gpu.tops_int8 is not None and gpu.key != "gb300":
        # Blackwell Ultra gave INT8 up for FP4.
        assert gpu.tops_int8 >= (gpu.tflops_16bit or 0)


@EVERY
def test_every_figure_has_a_dated_source_of_its_maker(gpu: GpuModel) -> None:
    assert gpu.source.startswith(gpu.vendor.split()[0])
    assert all(re.search(r" \((?:19|20)\d\d\)$", part) for part in gpu.source.split("; "))
    assert re.fullmatch(r"|datasheet text|secondary: [a-zA-Z' ]+", gpu.checked)


@EVERY
def test_the_key_and_the_name_say_the_form(gpu: GpuModel) -> None:
    said = re.search(r"-(pcie|sxm|nvl|oam)(?:-\d+gb)?$", gpu.key)
    assert said is None or said[1] == gpu.form
    assert re.search(rf"\b{gpu.form}", gpu.name.casefold()) or said is None
    size = re.search(r"-(\d+)gb$", gpu.key)
    assert size is None or int(size[1]) == gpu.memory_gib


def test_names_are_unique_and_the_catalogue_reaches_this_year() -> None:
    assert max(Counter(gpu.name for gpu in MODELS.values()).values()) == 1
    assert len(MODELS) >= 80
    assert max(gpu.year or 0 for gpu in MODELS.values()) == 2026
    vendors = Counter(gpu.vendor for gpu in MODELS.values())
    assert vendors["AMD"] >= 10
    assert vendors.keys() >= CHINESE
    assert vendors.keys() <= CHINESE | {"NVIDIA", "AMD", "Intel"}


def test_keys_that_were_released_stay() -> None:
    assert MODELS.keys() >= RELEASED


def test_of_one_name_the_most_modest_variant_comes_first() -> None:
    variants: dict[str, list[GpuModel]] = defaultdict(list)
    for gpu in MODELS.values():
        for alias in gpu.aliases:
            variants[alias].append(gpu)
    for first, *others in variants.values():
        assert all((first.memory_gib or 0) <= (gpu.memory_gib or 0) for gpu in others)
        assert all((first.tflops_16bit or 0) <= (gpu.tflops_16bit or 0) for gpu in others)


@EVERY
def test_every_model_is_found_by_its_own_name_and_key(gpu: GpuModel) -> None:
    assert hardware.match(gpu.name) == gpu
    assert hardware.match(f"{gpu.vendor} {gpu.name}") == gpu
    assert hardware.model(gpu.key) == gpu


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4090", "rtx-4090"), ("RTX4090", "rtx-4090"), ("rtx 4090", "rtx-4090"), ("英伟达 4090", "rtx-4090"),
        ("英伟达4090显卡", "rtx-4090"), ("NVIDIA GeForce RTX 4090 24GB", "rtx-4090"), ("４０９０", "rtx-4090"),
        ("8卡4090", "rtx-4090"), ("4090*8", "rtx-4090"), ("8 × RTX 4090", "rtx-4090"), ("4090D", "rtx-4090-d"), ("RTX 4090 D", "rtx-4090-d"),
        ("RTX 4090 24G显存", "rtx-4090"), ("4090服务器租赁", "rtx-4090"), ("5090 D V2", "rtx-5090-d-v2"), ("3090Ti", "rtx-3090-ti"),
        ("A100", "a100-pcie-40gb"), ("A100 (80 GB)", "a100-pcie-80gb"), ("A100 80G SXM4", "a100-sxm-80gb"), ("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"),
        ("A100 x8", "a100-pcie-40gb"), ("A800 40GB Active", "a800-active"), ("A800", "a800-pcie-80gb"),
        ("H100 SXM", "h100-sxm"), ("HGX H100", "h100-sxm"), ("NVIDIA H100 80GB HBM3", "h100-sxm"), ("A100 80G HBM2", "a100-pcie-80gb"), ("H100 NVL", "h100-nvl"), ("H100 NVL 188GB", "h100-nvl"),
        ("H20 96G", "h20"), ("H20 141G", "h20-141gb"), ("NVIDIA GH200 480GB", "gh200-96gb"), ("B200 192GB", "b200"), ("GB200 NVL72", "gb200"), ("NVIDIA B300 SXM6 AC", "b300"),
        ("Tesla T4", "t4"), ("RTX A6000", "rtx-a6000"), ("RTX 6000 Ada", "rtx-6000-ada"), ("RTX 6000 48GB", "rtx-6000-ada"), ("L40S", "l40s"),
        ("RTX PRO 6000", "rtx-pro-6000"), ("RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000-server"), ("RTX PRO 5000 72G", "rtx-pro-5000-72gb"),
        ("AMD MI300X", "mi300x"), ("MI50 32G", "mi50-32gb"), ("Gaudi2", "gaudi-2"), ("Intel Data Center GPU Max 1550", "max-1550"),
        ("昇腾910B", "ascend-910b"), ("华为 昇腾 910B", "ascend-910b"), ("昇腾 910B4 32G", "ascend-910b4"), ("Atlas 300I Duo 96G", "atlas-300i-duo-96gb"), ("昇腾910", "ascend-910"),
        ("寒武纪 MLU370-X8", "mlu370-x8"), ("思元590", "mlu590"), ("摩尔线程 MTT S4000", "mtt-s4000"), ("天数智芯 天垓150", "iluvatar-bi-v150"),
        ("沐曦 曦云C500", "metax-c500"), ("曦云 C500 OAM", "metax-c500-oam"), ("海光 K100_AI", "hygon-k100-ai"), ("昆仑芯 P800 OAM", "kunlunxin-p800"), ("昆仑芯R200 32GB", "kunlunxin-r200"),
        ("壁仞 106B", "biren-br106"), ("燧原S60", "enflame-s60"), ("平头哥 PPU 96G", "t-head-ppu"), ("真武810E", "t-head-ppu"),
        # Another card than the maker's, no card, and what only holds the digits of one.
        ("4090 48GB", None), ("RTX 3080 20G", None), ("A100 96GB", None), ("A10 SXM", None), ("gpu", None), ("", None), ("14090", None), ("A1000", None),
        ("猿界算力租赁服务提供商", None), ("4090" * 100, None),
        # Names of cards to whoever reads 昇腾 or RTX before them; alone a price, a floor, a year's days.
        ("5000", None), ("8000", None), ("910", None), ("370", None), ("5000元", None),
    ],
)  # fmt: skip
def test_models_are_found_as_people_write_them(text: str, key: str | None) -> None:
    found = hardware.match(text)
    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A10 (24 GB)", "a10"), ("A10", "a10"), ("A100 (40 GB)", "a100-pcie-40gb"), ("A100 (80 GB)", "a100-pcie-80gb"), ("A10G (24 GB)", "a10g"), ("A40 (48 GB)", "a40"),
        ("A4000 (16 GB)", "rtx-a4000"), ("A5000 (24 GB)", "rtx-a5000"), ("A6000 (48 GB)", "rtx-a6000"), ("RTX A6000 (48 GB)", "rtx-a6000"),
        ("GH200 (96 GB)", "gh200-96gb"), ("H100 (80 GB)", "h100-pcie"), ("H100 HGX (80GB)", "h100-sxm"), ("H100 PCIe (80GB)", "h100-pcie"),
        ("K80 (12 GB)", "k80"), ("L4 (24 GB)", "l4"), ("P100 (16 GB)", "p100-pcie"), ("P4 (8 GB)", "p4"), ("T4 (16 GB)", "t4"),
        ("Quadro RTX 6000 (24 GB)", "quadro-rtx-6000"), ("RTX4000 (8 GB)", "quadro-rtx-4000"), ("RTX5000 (16 GB)", "quadro-rtx-5000"),
        ("V100 (16 GB)", "v100-pcie-16gb"), ("V100 (32 GB)", "v100-pcie-32gb"),
    ],
)  # fmt: skip
def test_every_name_of_eighteen_clouds_is_a_model(text: str, key: str) -> None:
    """All the GPU types of the sheet of 251 cloud offers that an import must take in."""
    found = hardware.match(text)
    assert found is not None
    assert found.key == key


@given(st.text())
def test_any_text_is_a_model_or_none(text: str) -> None:
    found = hardware.match(text)
    assert found is None or found.key in MODELS


def test_choices_hold_every_model_once_by_its_maker() -> None:
    choices = hardware.choices()
    assert [key for group in choices.values() for key, _ in group] == list(MODELS)
    assert all(MODELS[key].vendor == vendor for vendor in choices for key, _ in choices[vendor])


def test_no_model_has_no_key() -> None:
    assert hardware.model(None) is None
    assert hardware.model("") is None
    assert hardware.model("rtx-4090-48gb") is None


@pytest.mark.parametrize(
    ("key", "memory", "bandwidth", "rate", "power"),
    [
        ("rtx-4090", 24, 1008, 165.2, 450),
        ("a100-sxm-80gb", 80, 2039, 312, 400),
        ("h100-sxm", 80, 3350, 989, 700),
        ("mi300x", 192, 5300, 1307.4, 750),
        ("ascend-910c", 128, 3200, 752, None),
    ],
)
def test_the_figures_that_fits_are_reckoned_with(
    key: str, memory: int, bandwidth: float, rate: float, power: int | None
) -> None:
    gpu = MODELS[key]
    assert (gpu.memory_gib, gpu.bandwidth_gb_s) == (memory, bandwidth)
    assert (gpu.tflops_16bit, gpu.tdp_w) == (rate, power)


def test_what_is_not_known_is_empty() -> None:
    """A figure nobody published is None, not a neighbour's and not zero."""
    assert MODELS["rtx-4090-d"].tflops_16bit is None
    assert MODELS["mlu590"].memory_gib is None
    assert all(gpu.bandwidth_gb_s != 0 and gpu.tflops_16bit != 0 for gpu in MODELS.values())
