"""The catalogue is sound, and models are found under the names people give them."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import hardware
from portal.hardware import MODELS


def test_every_row_is_sound() -> None:
    assert len(MODELS) >= 40
    for key, gpu in MODELS.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key)
        assert len(key) <= 32
        assert gpu.name
        assert gpu.vendor
        assert gpu.source.startswith(gpu.vendor.split()[0])
        assert gpu.form in {"pcie", "sxm", "nvl", "oam", ""}
        assert gpu.memory_gib is None or 8 <= gpu.memory_gib <= 512
        assert gpu.bandwidth_gb_s is None or 100 <= gpu.bandwidth_gb_s <= 20_000
        assert gpu.tflops_16bit is None or 10 <= gpu.tflops_16bit <= 5_000
        assert gpu.year is None or 2016 <= gpu.year <= 2026
    assert max(Counter(gpu.name for gpu in MODELS.values()).values()) == 1


def test_every_source_is_dated() -> None:
    assert all(re.search(r" \((?:19|20)\d\d\)$", gpu.source) for gpu in MODELS.values())


def test_every_model_is_found_by_its_own_name_and_key() -> None:
    for gpu in MODELS.values():
        assert hardware.match(gpu.name) == gpu
        assert hardware.match(f"{gpu.vendor} {gpu.name}") == gpu or gpu.vendor in {"Iluvatar CoreX"}
        assert hardware.model(gpu.key) == gpu


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("4090", "rtx-4090"), ("RTX4090", "rtx-4090"), ("rtx 4090", "rtx-4090"), ("英伟达 4090", "rtx-4090"),
        ("英伟达4090显卡", "rtx-4090"), ("NVIDIA GeForce RTX 4090 24GB", "rtx-4090"), ("４０９０", "rtx-4090"),
        ("8卡4090", "rtx-4090"), ("4090*8", "rtx-4090"), ("8 × RTX 4090", "rtx-4090"), ("4090D", "rtx-4090-d"), ("RTX 4090 D", "rtx-4090-d"),
        ("A100", "a100-pcie-40gb"), ("A100 (80 GB)", "a100-pcie-80gb"), ("A100 80G SXM4", "a100-sxm-80gb"), ("NVIDIA A100-SXM4-80GB", "a100-sxm-80gb"),
        ("A100 x8", "a100-pcie-40gb"), ("H100 SXM", "h100-sxm"), ("H100 NVL", "h100-nvl"), ("H20 96G", "h20"), ("Tesla T4", "t4"),
        ("RTX A6000", "rtx-a6000"), ("RTX 6000 Ada", "rtx-6000-ada"), ("L40S", "l40s"), ("AMD MI300X", "mi300x"), ("Gaudi2", "gaudi-2"),
        ("昇腾910B", "ascend-910b"), ("华为 昇腾 910B", "ascend-910b"), ("寒武纪 MLU370-X8", "mlu370-x8"), ("摩尔线程 MTT S4000", "mtt-s4000"),
        # Another card than the maker's, no card, and what only holds the digits of one.
        ("4090 48GB", None), ("gpu", None), ("", None), ("14090", None), ("A1000", None), ("猿界算力租赁服务提供商", None), ("4090" * 100, None),
    ],
)  # fmt: skip
def test_models_are_found_as_people_write_them(text: str, key: str | None) -> None:
    found = hardware.match(text)
    assert (found.key if found else None) == key


@given(st.text())
def test_any_text_is_a_model_or_none(text: str) -> None:
    found = hardware.match(text)
    assert found is None or found.key in MODELS


def test_choices_hold_every_model_once() -> None:
    assert sorted(key for group in hardware.choices().values() for key, _ in group) == sorted(
        MODELS
    )


def test_the_figures_the_fit_of_the_real_offer_stands_on() -> None:
    card = MODELS["rtx-4090"]
    assert (card.memory_gib, card.bandwidth_gb_s, card.tflops_16bit) == (24, 1008, 165.2)
