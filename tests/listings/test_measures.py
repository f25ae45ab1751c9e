"""Numbers in cells: with the unit of their field, whole in it; ranges are told from numbers."""

from contextlib import suppress

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from portal.listings.fields import RULES
from portal.listings.sheet_columns import COLUMNS
from portal.web.parsing import Invalid


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ram_gib", "16 GB", 16),
        ("ram_gib", "16GB", 16),
        ("ram_gib", " 16 gib ", 16),
        ("ram_gib", "1 TB", 1024),
        ("ram_gib", "1.5TB", 1536),
        ("ram_gib", "1,024 G", 1024),
        ("gpu_memory_gib", "80G", 80),
        ("disk_gib", "1.92 TB", 1920),
        ("disk_gib", "2 TiB", 2048),
        ("network_up_mbps", "1 Gbps", 1000),
        ("network_up_mbps", "100 Mb/s", 100),
        ("fabric_gbps", "3.2 Tb/s", 3200),
        ("fabric_gbps", "400 Gbit/s", 400),
        ("gpu_count", "8 GPUs", 8),
        ("gpu_count", "8卡", 8),
        ("cpu_cores", "64 vCPU", 64),
        ("delivery_days", "3 天", 3),
        ("stock", "8.0", 8),
        ("stock", "0", 0),
        ("stock", "1,200", 1200),
        ("stock", " ", None),
    ],
)
def test_a_number_may_have_its_unit(name: str, text: str, value: int | None) -> None:
    read = COLUMNS[name].read
    assert read is not None
    assert read(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ram_gib", "16 W"),
        ("ram_gib", "1.5 GB"),
        ("ram_gib", "-16 GB"),
        ("ram_gib", "GB"),
        ("ram_gib", "16 GB GB"),
        ("network_up_mbps", "100 MB/s"),
        ("fabric_gbps", "100 GB/s"),
        ("gpu_count", "8 GB"),
        ("stock", "8 GB"),
        ("stock", "1,2"),
        ("stock", "1e3"),
        ("stock", "9" * 59),
        ("ram_gib", "9" * 50 + " TB"),
        ("stock", "1" * 10_000),
    ],
)
def test_another_unit_is_refused(name: str, text: str) -> None:
    read = COLUMNS[name].read
    assert read is not None
    with pytest.raises(Invalid):
        read(text)


@pytest.mark.parametrize(
    ("name", "text", "english", "chinese"),
    [
        ("ram_gib", "16-20", "the smaller number, 16.", "请填较小的数 16"),
        ("ram_gib", "16 GB – 1 TB", "the smaller number, 16.", "请填较小的数 16"),
        ("ram_gib", "1-2 TB", "the smaller number, 1,024.", "请填较小的数 1,024"),
        ("stock", "20~16", "the smaller number, 16.", "请填较小的数 16"),
        ("delivery_days", "3 to 5 days", "the larger number, 5.", "请填较大的数 5"),
        ("delivery_days", "3至5天", "the larger number, 5.", "请填较大的数 5"),
        ("max_term", "6..12", "the larger number, 12.", "请填较大的数 12"),
    ],
)
def test_of_a_range_it_is_said_which_end_to_state(
    app: Flask, name: str, text: str, english: str, chinese: str
) -> None:
    read = COLUMNS[name].read
    assert read is not None
    with pytest.raises(Invalid) as refused:
        read(text)
    for language, words in (("en", english), ("zh_Hans_CN", chinese)):
        with app.test_request_context(), force_locale(language):
            assert words in str(refused.value.message)


@given(st.sampled_from([name for name, rule in RULES.items() if hasattr(rule, "most")]), st.text())
def test_no_text_breaks_a_cell(name: str, text: str) -> None:
    read = COLUMNS[name].read
    assert read is not None
    with suppress(Invalid):
        read(text)
