"""The front-end build: own and third-party CSS, JavaScript and icons become hashed static files.

Sources lie in static/ and, installed by npm, in node_modules/; results in static/dist/, whose
manifest.json maps each plain name to its hashed one.
"""

import difflib
import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from whitenoise.compress import Compressor

ROOT: Final = Path(__file__).resolve().parents[2]
STATIC: Final = ROOT / "static"
DIST: Final = STATIC / "dist"
MODULES: Final = ROOT / "node_modules"

# Oldest engines that know cascade layers, which the style sheet is built on.
_TARGET: Final = "es2020,chrome100,firefox100,safari15.4"
_SOURCES_OF_BUNDLES: Final = ("css", "js")
_MANIFEST: Final = "manifest.json"
_STAMP: Final = ".inputs"
_SOURCE_MAP: Final = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_ICON_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_ICON_BODY: Final = re.compile(r"<svg\b[^>]*>(?P<body>.*)</svg>", re.DOTALL)
_SYMBOL: Final = (
    '<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
)


class AssetError(RuntimeError):
    """The front end cannot be built or is not built; the message says what to do."""


def static_url(name: str) -> str:
    """URL of a built static file, such as `portal.css` or `icons.svg`.

    Raises:
        AssetError: nothing is built yet, or the build made no such file.
    """
    names = _names()
    try:
        return f"/static/{names[name]}"
    except KeyError as error:
        raise AssetError(f"No static file {name!r}: see {DIST / _MANIFEST}.") from error


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    try:
        return _read_manifest(DIST)
    except FileNotFoundError as error:
        raise AssetError("The front end is not built: run `make assets`.") from error


def _read_manifest(dist: Path) -> dict[str, str]:
    names: dict[str, str] = json.loads((dist / _MANIFEST).read_text(encoding="utf-8"))
    return names


def build_assets(*, static: Path = STATIC, modules: Path = MODULES, dist: Path = DIST) -> bool:
    """Build everything into `dist`, unless its inputs are the ones of the last build.

    A reader of `dist` never meets half a build: files have new names, the manifest is swapped in
    one step, and the files of the build before stay for pages that still name them.

    Returns:
        Whether there was anything to do.

    Raises:
        AssetError: npm's packages are missing, or a source cannot be built.
    """
    fingerprint = _fingerprint(static, modules)
    if _is_built_from(fingerprint, dist):
        return False
    dist.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=dist.parent) as folder:
        build = Path(folder)
        names = _bundles(static, modules, build) | _pictures(static, build)
        names["icons.svg"] = _icons(static, modules, build)
        names["htmx.js"] = _htmx(modules, build)
        _compress(build)
        _swap(build, dist, names)
    (dist / _STAMP).write_text(fingerprint, encoding="utf-8")
    _names.cache_clear()
    return True


def _fingerprint(static: Path, modules: Path) -> str:
    digest = hashlib.sha256()
    inputs = [Path(__file__), modules / ".package-lock.json", *_sources(static)]
    for path in inputs:
        if not path.is_file():
            raise AssetError(f"{path} is missing: run `make assets`, which installs it.")
        digest.update(f"{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(static: Path) -> Iterator[Path]:
    for path in sorted(static.rglob("*")):
        inside = path.relative_to(static).parts
        if path.is_file() and inside[0] != "dist" and not any(p.startswith(".") for p in inside):
            yield path


def _is_built_from(fingerprint: str, dist: Path) -> bool:
    try:
        built_from = (dist / _STAMP).read_text(encoding="utf-8")
        names = _read_manifest(dist)
    except (OSError, ValueError):
        return False
    return built_from == fingerprint and all((dist / name).is_file() for name in names.values())


def _bundles(static: Path, modules: Path, build: Path) -> dict[str, str]:
    """Run esbuild on the entry files; it puts the hash of the content into each name."""
    # Each file directly in css/ is a sheet; what they are made of lies in the folder below.
    entries = [static / "js" / "portal.js", *sorted((static / "css").glob("*.css"))]
    command = [
        str(_esbuild(modules)),
        *(str(entry) for entry in entries),
        "--bundle",
        "--minify",
        "--charset=utf8",
        f"--target={_TARGET}",
        "--loader:.svg=file",
        "--entry-names=[name]-[hash]",
        "--asset-names=[name]-[hash]",
        f"--outdir={build}",
        "--log-level=warning",
    ]
    # npm's packages are found from anywhere, so that tests can build a static/ of their own.
    environment = {**os.environ, "NODE_PATH": str(modules)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - own program, own arguments
    if run.returncode:
        raise AssetError(f"esbuild refused the sources:\n{run.stderr.strip()}")
    return {entry.name: _hashed_name(build, entry) for entry in entries}


def _hashed_name(build: Path, entry: Path) -> str:
    (built,) = build.glob(f"{entry.stem}-*{entry.suffix}")
    return built.name


def _esbuild(modules: Path) -> Path:
    """The native program: the launcher beside it would need node once more."""
    programs = sorted((modules / "@esbuild").glob("*/bin/esbuild"))
    if not programs:
        raise AssetError("esbuild is not installed: run `make assets`, which installs it.")
    return programs[0]


def _pictures(static: Path, build: Path) -> dict[str, str]:
    """Copy what is served as it stands: everything in static/ but the bundles' sources."""
    names = {}
    for path in _sources(static):
        name = path.relative_to(static)
        if name.parts[0] not in _SOURCES_OF_BUNDLES and path.suffix != ".txt":
            content = path.read_bytes()
            names[name.as_posix()] = _write_hashed(build, name, content)
    return names


def _write_hashed(build: Path, name: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:10]
    hashed = name.with_name(f"{name.stem}-{digest}{name.suffix}")
    target = build / hashed
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return hashed.as_posix()


def _htmx(modules: Path, build: Path) -> str:
    """Its own file, as its makers minified it: pages that need none of it do not load it."""
    script = (modules / "htmx.org" / "dist" / "htmx.min.js").read_text(encoding="utf-8")
    content = _SOURCE_MAP.sub("", script)
    return _write_hashed(build, Path("htmx.js"), content.encode())


def _icons(static: Path, modules: Path, build: Path) -> str:
    """One sprite of the icons that static/icons.txt names; each symbol's id is its name."""
    drawings = modules / "lucide-static" / "icons"
    wanted = _icon_names((static / "icons.txt").read_text(encoding="utf-8"))
    symbols = "".join(_symbol(name, drawings) for name in wanted)
    sprite = (
        "<!-- Lucide icons, ISC licence, (c) Lucide contributors -->"
        f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'
    )
    return _write_hashed(build, Path("icons.svg"), sprite.encode())


def _icon_names(text: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return sorted({line for line in lines if line})


def _symbol(name: str, drawings: Path) -> str:
    try:
        drawing = (drawings / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = [path.stem for path in drawings.glob("*.svg")]
        near = ", ".join(difflib.get_close_matches(name, known)) or "none near"
        raise AssetError(f"static/icons.txt: Lucide has no icon {name!r} ({near}).") from error
    found = _ICON_BODY.search(_ICON_COMMENT.sub("", drawing))
    if found is None:
        raise AssetError(f"{drawings / name}.svg is no SVG drawing.")
    body = " ".join(found["body"].split()).replace("> <", "><")
    return _SYMBOL.format(name=name, body=body)


def _compress(build: Path) -> None:
    """Put a .br and a .gz beside each file that gets smaller by it; WhiteNoise serves them."""
    compressor = Compressor(quiet=True)
    for path in list(_files_of(build)):
        if compressor.should_compress(path.name):
            compressor.compress(str(path))


def _files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _swap(build: Path, dist: Path, names: Mapping[str, str]) -> None:
    before = _names_before(dist)
    fresh = {path.relative_to(build) for path in _files_of(build)}
    for name in fresh:
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).replace(dist / name)
    manifest = build / _MANIFEST
    manifest.write_text(json.dumps(names, indent=1, sort_keys=True), encoding="utf-8")
    manifest.replace(dist / _MANIFEST)
    _sweep(dist, keep=_keeper(fresh, before))


def _names_before(dist: Path) -> set[str]:
    try:
        return set(_read_manifest(dist).values())
    except (OSError, ValueError):
        return set()


def _keeper(fresh: set[Path], before: set[str]) -> Callable[[Path], bool]:
    def keep(name: Path) -> bool:
        plain = name.with_suffix("") if name.suffix in {".br", ".gz"} else name
        return name in fresh or plain.as_posix() in before or name.name == _MANIFEST

    return keep


def _sweep(dist: Path, keep: Callable[[Path], bool]) -> None:
    for path in _files_of(dist):
        if not keep(path.relative_to(dist)):
            path.unlink()


if __name__ == "__main__":
    build_assets()
