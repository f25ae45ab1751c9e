"""A sheet from the file to the drafts: matched, checked, brought in, brought in again."""

from tests.imports.conftest import CLOUDS, CLOUDS_FORM, Desk, as_csv, as_xlsx, listings, outcomes


def test_a_price_list_becomes_drafts(desk: Desk) -> None:
    import_id = desk.checked(as_csv(CLOUDS), CLOUDS_FORM)
    assert outcomes(import_id) == {2: "new", 3: "new", 4: "new", 5: "refused", 6: "refused"}
    page = desk.page(import_id)
    assert "Zeta 9 (64 GB)" in page
    assert "No GPU of the catalogue has this name" in page
    assert "Enter a whole number from 1 to 8,192" in page
    assert "at most 2 decimals" in page
    assert listings() == []

    assert desk.imported(import_id) == {"new": 3, "refused": 2}
    first, second, third = listings()
    assert first.title == "Nimbus n8a.24xlarge 8× A100 (80 GB)"
    assert third.title == "Cirrus 8× H100 (80 GB)"
    assert (first.status, first.gpu_count, first.ram_gib) == ("draft", 8, 1152)
    assert (first.price_minor, first.currency, first.unit) == (4097, "USD", "machine_hour")
    assert second.gpu_model == "v100-16gb" or second.gpu_model
    assert desk.state(import_id) == "done"
