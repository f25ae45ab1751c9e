"""The front-end build: hashed names, a manifest swapped in one step, clear words when it cannot."""

import gzip
import json
from pathlib import Path

import brotli
import pytest

from portal.web import assets

_MOST_STYLE = 30_000  # bytes, minified
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>'


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A small static/ of one script, one style sheet, one picture and one icon."""
    folder = tmp_path / "static"
    for name, text in {
        "js/portal.js": 'console.log("算力供应台");\n' * 50,
        "css/portal.css": "a { color: #333333; }\n",
        "css/public.css": '@import "./layers/base.css";\n',
        "css/layers/base.css": "b { color: #333333; }\n",
        "brand.svg": DRAWING,
        "pictures/rack.svg": DRAWING,
        "icons.txt": "check  # done\n# nothing\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _build(static: Path) -> tuple[bool, dict[str, str]]:
    dist = static / "dist"
    done = assets.build_assets(static=static, dist=dist)
    names: dict[str, str] = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    return done, names


def test_each_file_has_the_hash_of_its_content_in_its_name(static: Path) -> None:
    done, names = _build(static)
    assert done
    assert set(names) == {
        "portal.js", "portal.css", "public.css", "htmx.js", "icons.svg", "brand.svg",
        "pictures/rack.svg",
    }  # fmt: skip
    for plain, hashed in names.items():
        assert (static / "dist" / hashed).is_file()
        assert Path(hashed).name.startswith(f"{Path(plain).stem}-")


def test_a_sheet_holds_what_it_is_made_of(static: Path) -> None:
    _, names = _build(static)
    sheet = (static / "dist" / names["public.css"]).read_text(encoding="utf-8")
    assert sheet.strip() == "b{color:#333}"


def test_no_page_loads_thirty_kilobytes_of_style() -> None:
    """Each sheet but the public one stands beside the portal's (docs/decisions/0010)."""
    assets.build_assets()
    sizes = {path.stem: _size(path.name) for path in (assets.STATIC / "css").glob("*.css")}
    public, portal = sizes.pop("public"), sizes.pop("portal")
    assert public < _MOST_STYLE
    assert {name: size for name, size in sizes.items() if portal + size >= _MOST_STYLE} == {}


def _size(name: str) -> int:
    return (assets.DIST / Path(assets.static_url(name)).name).stat().st_size


def test_what_compresses_lies_there_compressed(static: Path) -> None:
    _, names = _build(static)
    script = static / "dist" / names["portal.js"]
    written = script.read_bytes()
    assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == written
    assert brotli.decompress(script.with_name(f"{script.name}.br").read_bytes()) == written
    assert "算力供应台" in written.decode()


def test_icons_are_symbols_named_after_themselves(static: Path) -> None:
    _, names = _build(static)
    sprite = (static / "dist" / names["icons.svg"]).read_text(encoding="utf-8")
    assert sprite.count("<symbol") == 1
    assert '<symbol id="check" viewBox="0 0 24 24"' in sprite
    assert "style" not in sprite


def test_nothing_is_built_twice_from_the_same_sources(static: Path) -> None:
    _build(static)
    done, _ = _build(static)
    assert not done


def test_a_change_gives_a_new_name_and_keeps_the_one_before_for_open_pages(static: Path) -> None:
    generations = []
    for colour in ("#111111", "#222222", "#333333"):
        (static / "css" / "portal.css").write_text(f"a {{ color: {colour}; }}", encoding="utf-8")
        _, names = _build(static)
        generations.append(static / "dist" / names["portal.css"])
    assert len(set(generations)) == 3
    assert [path.exists() for path in generations] == [False, True, True]
    assert not list(static.glob(".build-*"))


def test_a_lost_file_is_built_again(static: Path) -> None:
    _, names = _build(static)
    (static / "dist" / names["portal.js"]).unlink()
    done, names = _build(static)
    assert done
    assert (static / "dist" / names["portal.js"]).is_file()


def test_a_mistyped_icon_is_named_with_its_neighbours(static: Path) -> None:
    (static / "icons.txt").write_text("chek\n", encoding="utf-8")
    with pytest.raises(assets.AssetError, match=r"no icon 'chek' \(.*check"):
        _build(static)


def test_a_script_that_does_not_parse_leaves_the_build_before(static: Path) -> None:
    _, before = _build(static)
    (static / "js" / "portal.js").write_text("const = ;", encoding="utf-8")
    with pytest.raises(assets.AssetError, match=r"portal\.js"):
        _build(static)
    assert json.loads((static / "dist" / "manifest.json").read_text(encoding="utf-8")) == before


def test_missing_packages_are_said_with_the_command_that_brings_them(
    static: Path, tmp_path: Path
) -> None:
    with pytest.raises(assets.AssetError, match="make assets"):
        assets.build_assets(static=static, modules=tmp_path / "nowhere", dist=static / "dist")


def test_the_url_is_under_static_and_hashed() -> None:
    assert assets.static_url("portal.css").startswith("/static/portal-")


def test_a_name_that_was_not_built_is_refused() -> None:
    with pytest.raises(assets.AssetError, match=r"'nothing\.css'"):
        assets.static_url("nothing.css")
