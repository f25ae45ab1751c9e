"""Who sent a request: a person, a robot, or something that shows a page before anybody asked."""

import re
from functools import lru_cache
from typing import Final

import crawleruseragents

HUMAN, ROBOT, PREVIEW = "human", "robot", "preview"
_LONGEST: Final = 512
# What the list of crawlers leaves out: programs, and browsers driven by programs.
_PROGRAMS: Final = (
    r"curl|wget|httpie|aiohttp|httpx|okhttp|python|java/|libwww|perl|ruby|php/|go-http|axios|"
    r"node-fetch|undici|scrapy|postman|insomnia|headless|phantomjs|selenium|playwright|puppeteer|"
    r"lighthouse|(?<!cu)bot\b|spider|crawl"  # Cubot makes telephones
)
_PREVIEWS: Final = re.compile(
    r"facebookexternalhit|facebookcatalog|twitterbot|slackbot|slack-imgproxy|discordbot|"
    r"telegrambot|whatsapp|linkedinbot|skypeuripreview|pinterest|redditbot|embedly|iframely|"
    r"mattermost|vkshare|viber|snapchat|link ?preview|dingtalkbot|wechatbot|bingpreview",
    re.IGNORECASE,
)
_AHEAD: Final = ("prefetch", "prerender", "preview")


@lru_cache(maxsize=1)
def _robots() -> re.Pattern[str]:
    known = "|".join(entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA)
    return re.compile(f"{known}|(?i:{_PROGRAMS})")


def looker_of(user_agent: str, purpose: str = "") -> str:
    """HUMAN, ROBOT or PREVIEW.

    Args:
        user_agent: the User-Agent header; none is a robot's.
        purpose: the Sec-Purpose or Purpose header, which browsers send with a page loaded ahead.
    """
    if purpose and any(word in purpose.lower() for word in _AHEAD):
        return PREVIEW
    return _by_user_agent(user_agent[:_LONGEST])


# A lookup in the list takes some 75 µs; few user agents make most of the traffic.
@lru_cache(maxsize=4096)
def _by_user_agent(user_agent: str) -> str:
    if not user_agent.strip():
        return ROBOT
    if _PREVIEWS.search(user_agent):
        return PREVIEW
    return ROBOT if _robots().search(user_agent) else HUMAN


def prepare() -> None:
    """Compile the list now, so that no reader waits for it."""
    _robots()
