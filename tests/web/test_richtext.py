"""Descriptions: what Markdown gives, and what no description can do to a page."""

import contextlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from portal.web import richtext
from portal.web.richtext import TooLong, clean, image_keys, plain_excerpt, render
from tests import effort

KEY = "0123456789abcdef" * 2
ALLOWED = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "div": {"class", "hx-ignore"},
}
HOSTILE = (
    "<script>probe()</script>", "<style>*{display:none}</style>", '<iframe srcdoc="<script>probe()</script>">',
    "<svg><style><img src=x onerror=probe()></style></svg>", "<math><mtext><table><mglyph><style><img src=x onerror=probe()>",
    '<form action="/sign-out"><button>x</button></form>', '<meta http-equiv="refresh" content="0;//evil">', '<base href="//evil/">',
    '<object data="x">', '<link rel="stylesheet" href="//evil/x.css">', '<a href="javascript:probe()">x</a>',
    '<a href="&#106;avascript:probe()">x</a>', '<a href="java\tscript:probe()">x</a>', '<a href="data:text/html,x">x</a>',
    '<a href="vbscript:probe()">x</a>', '<p style="position:fixed" class="modal" id="csrf_token">x</p>', '<img name="htmx" src=x>',
    "<img src=//evil/t.gif>", "<img src=/portal/logout>", '<a href="/portal/listings/1/delete">x</a>', '<a href="//evil">x</a>',
    '<a href="\\\\evil">x</a>', '<p hx-get="/x" hx-trigger="load" data-hx-get="/x" onclick="probe()">x</p>', "<!-- <p>x</p>",
    '<noscript><p title="</noscript><img src=x onerror=probe()>">', "<template><script>probe()</script></template>",
    "[x](javascript:probe())", "[x](&#106;avascript:probe())", "[x](java\tscript:probe())", "[x](data:text/html,x)", "[x](vbscript:probe())",
    "[x](/portal/listings/1/delete)", "[x](//evil)", "[x](\\\\evil)", "[x](mailto:a@b.c \"' onclick='probe()\")", "![x](//evil/t.gif)",
    "![x](https://evil/t.gif)", "![x](/portal/logout)", "![x](/media/../portal)", f"![x](/media/{KEY}.svg)", f"![x](//evil/media/{KEY}.webp)",
    f"![x](/media/{KEY}.webp?x=1)", "![x](data:image/png;base64,AAAA)", "<javascript:probe()>", "[x]: javascript:probe()\n[x]",
    '![x" onerror="probe()](x)', "```\n</code></pre><script>probe()</script>\n```", "`<img src=x onerror=probe()>`", "{{7*7}}${7*7}",
)  # fmt: skip
PATHOLOGICAL = {
    "quotes": ">" * 20_000,
    "lists": "- " * 10_000,
    "stars": "*a " * 6_600,
    "strong": "***a" * 5_000,
    "brackets": "[" * 20_000,
    "images": "![" * 10_000,
    "links": "[a](<b" * 3_300,
    "ticks": "a`" * 10_000,
    "angles": "<" * 20_000,
    "comments": "<!--" * 5_000,
    "table": "|a" * 500 + "\n" + "|-" * 500 + "\n" + ("|b" * 500 + "\n") * 17,
    "references": "[a]: b\n" * 2_800,
    "entities": "&#106;" * 3_300,
    "tags": "<b>" * 6_600,
}


class Audit(HTMLParser):
    """Collects what stands in a page that should not."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in richtext._TAGS | {"div"}:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ALLOWED.get(tag, set()):
                self.wrong.append(f"{tag} {name}")
            if name == "href" and not re.match(r"https?://|mailto:", value or "", re.IGNORECASE):
                self.wrong.append(str(value))
            if name == "src" and not re.fullmatch(
                r"/media/[0-9a-f]{32}(-\d+)?\.(webp|avif)", value or ""
            ):
                self.wrong.append(str(value))
        if tag == "a" and dict(attrs).get("rel") != "noopener nofollow ugc":
            self.wrong.append("rel")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(data)


def wrong_in(html: str) -> list[str]:
    audit = Audit()
    audit.feed(html)
    audit.close()
    return audit.wrong


@pytest.mark.parametrize("text", HOSTILE)
def test_no_description_can_act(text: str) -> None:
    assert not wrong_in(render(text))
    assert not wrong_in(clean(text))


@given(text=st.text(st.sampled_from("<>!&\"'`*_[]()#|-\\ \n\taimgsrchefx=:/.0")) | st.text())
@settings(max_examples=300, deadline=None)
def test_nothing_typed_gets_through(text: str) -> None:
    assert not wrong_in(render(text))
    assert "<" not in plain_excerpt(text) or "<" in text or "&" in text


def test_markdown() -> None:
    html = render("# One\n\n**b** *i* ~~s~~ `<x>`\n\n- a\n- b\n\n|h|\n|-|\n|c|\n\n> q\n\n3. x")
    for part in ("<h3>One</h3>", "<strong>b</strong>", "<em>i</em>", "<s>s</s>", "<code>&lt;x&gt;</code>", "<li>a</li>", "<td>c</td>", '<ol start="3">'):  # fmt: skip
        assert part in html, part
    assert isinstance(html, Markup)
    assert html.startswith('<div class="prose" hx-ignore>')


def test_links_leave_without_our_good_name() -> None:
    assert '<a href="https://example.com/?a=1&amp;b=2" rel="noopener nofollow ugc">x</a>' in render(
        "[x](https://example.com/?a=1&b=2)"
    )
    assert "<a" not in render("https://example.com")
    assert render("[x](/portal/)") == Markup('<div class="prose" hx-ignore><p>x</p>\n</div>')


def test_pictures_come_from_our_store_only() -> None:
    text = f"![one](/media/{KEY}.webp)\n\ntext\n\n![two](/media/{'f' * 32}-800.webp)\n\n![no](//evil/x.gif)\n\n![one](/media/{KEY}.webp)"
    assert image_keys(text) == [KEY, "f" * 32]
    assert render(text).count("<img") == 3
    assert "evil" not in render(text)


@pytest.mark.parametrize("text", PATHOLOGICAL.values(), ids=PATHOLOGICAL.keys())
def test_no_text_takes_long(text: str) -> None:
    with effort.at_most(2000):
        html = render(text[: richtext.LONGEST])
    assert not wrong_in(html)


@pytest.mark.parametrize("text", ["<" * 1_000_000, "a" * (richtext.LONGEST + 1)])
def test_longer_texts_are_refused_unread(text: str) -> None:
    for reads in (render, plain_excerpt, image_keys):
        with effort.at_most(100), pytest.raises(TooLong):
            reads(text)


@pytest.mark.parametrize(
    "html",
    ["<div>" * 20_000, "<" * 1_000_000, "<a " + " ".join(f"x{n}=1" for n in range(100_000)) + ">", "<!--" + "a" * 150_000],
    ids=["nested", "angles", "attributes", "comment"],
)  # fmt: skip
def test_html_of_others_takes_no_time_either(html: str) -> None:
    with effort.at_most(1000), contextlib.suppress(TooLong):
        assert not wrong_in(clean(html))


def test_a_narrower_allow_list_holds_for_what_was_stored_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "a *stored* text with a picture"
    assert "<em>" in render(text)
    richtext._clean_html.cache_clear()  # as a new process does
    monkeypatch.setattr(richtext, "_TAGS", richtext._TAGS - {"em"})
    assert "<em>" not in render(text)
    richtext._clean_html.cache_clear()


def test_the_plain_words() -> None:
    text = f"# Title\n\nOne **two** [three](https://x.y) <b>\n\n![alt](/media/{KEY}.webp)\n\n- four\n- five &amp; six"
    assert plain_excerpt(text) == "Title One two three <b> four five & six"
    assert plain_excerpt("word " * 100, 22) == "word word word word…"
    assert plain_excerpt("字" * 100, 10) == "字" * 9 + "…"
    assert len(plain_excerpt("x" * 500, 160)) <= 160
    assert plain_excerpt("") == ""


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n\n## b", ["h3", "h4"]),
        ("## a\n\n#### b", ["h3", "h4"]),
        ("###### a", ["h3"]),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e", ["h3", "h4", "h5", "h6", "h6"]),
    ],
)
def test_headings_leave_no_level_out_below_the_pages_own(text: str, levels: list[str]) -> None:
    assert re.findall(r"<(h\d)>", render(text)) == levels
