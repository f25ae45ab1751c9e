"""A real Chromium for the journeys: finding it, driving it, and auditing what it shows."""

import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

_AXE: Final = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS: Final = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{version} {kind}Safari/537.36"
)
_HEIGHTS: Final = {1440: 900, 390: 844}
_REPORT_VIOLATIONS: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} refused ${event.blockedURI}`));
"""

Theme = Literal["light", "dark"]


@lru_cache(maxsize=1)
def find_chromium() -> Path | None:
    """The machine's Chromium (or Chrome), or None."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


def launch(playwright: Playwright) -> Browser:
    """Start the machine's Chromium without a window.

    Raises:
        RuntimeError: there is none.
    """
    program = find_chromium()
    if program is None:
        raise RuntimeError("There is no Chromium here.")
    return playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))


def new_context(
    browser: Browser,
    base_url: str,
    *,
    width: int = 1440,
    language: str = "zh",
    theme: Theme = "light",
    javascript: bool = True,
) -> BrowserContext:
    """A fresh reader: own cookies, window width in pixels, language, theme, with JavaScript or not.

    Waiting ends after 5 seconds instead of Playwright's 30: what takes longer is broken.
    """
    is_phone = width < 600
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": _HEIGHTS.get(width, 900)},
        has_touch=is_phone,
        is_mobile=is_phone,
        locale={"zh": "zh-CN", "en": "en-US"}[language],
        # Without "Headless", by which its views would be a robot's.
        user_agent=_AGENT.format(version=browser.version, kind="Mobile " if is_phone else ""),
        timezone_id="Asia/Shanghai",
        color_scheme=theme,
        reduced_motion="reduce",
        java_script_enabled=javascript,
    )
    context.set_default_timeout(5_000)
    host = urlsplit(base_url).hostname or "127.0.0.1"
    chosen = {"language": language, "theme": theme}
    context.add_cookies(
        [
            {"name": name, "value": value, "domain": host, "path": "/"}
            for name, value in chosen.items()
        ]
    )
    context.add_init_script(_REPORT_VIOLATIONS)
    return context


def watch(page: Page) -> list[str]:
    """A list that fills with what goes wrong in the page: script errors, refused content, 5xx."""
    faults: list[str] = []

    def on_console(message: Any) -> None:
        # Chromium logs each 4xx as an error; those are answers that the tests ask for.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            faults.append(f"{page.url}: {message.text}")

    def on_response(response: Any) -> None:
        if response.status >= 500:
            faults.append(f"{response.url}: {response.status}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("response", on_response)
    return faults


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds in the page as it now stands: rule, place and reason, one a node.

    Raises:
        FileNotFoundError: axe-core is not installed (`make test` installs it).
    """
    if not page.evaluate("typeof axe === 'object'"):
        # Evaluated by the debugger, which the page's content policy does not bind.
        page.evaluate(_axe())
    report = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for found in report["violations"]
        for node in found["nodes"]
    ]


@lru_cache(maxsize=1)
def _axe() -> str:
    return _AXE.read_text(encoding="utf-8")


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window, by more than a rounding."""
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth > {root}.clientWidth + 1"))
