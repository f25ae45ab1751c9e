"""The house rules hold: sizes, names, floors' inside, templates; and the checks see what they should."""

from pathlib import Path

import pytest

from tests.checks import locks, sources, templates


def test_sources_keep_to_sizes_names_and_docstrings() -> None:
    assert sources.faults() == []


def test_templates_hold_nothing_that_the_content_policy_refuses() -> None:
    assert templates.faults() == []


def test_locks_are_in_step_hashed_and_without_addresses() -> None:
    assert locks.faults() == []


def test_every_exception_names_something_that_is_there_and_gives_its_reason() -> None:
    for place, reason in sources.EXCEPTIONS.items():
        assert (sources.ROOT / place.partition(":")[0]).exists()
        assert len(reason) > 10
    for (name, _rule), reason in templates.EXCEPTIONS.items():
        assert (sources.ROOT / name).exists()
        assert len(reason) > 10


@pytest.mark.parametrize("feature", sources.FEATURES)
def test_a_feature_says_in_one_sentence_what_it_is_for(feature: str) -> None:
    text = (sources.ROOT / "portal" / feature / "__init__.py").read_text(encoding="utf-8")
    assert text.strip().startswith('"""')


def _source_faults(root: Path, name: str, text: str) -> list[str]:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return sources.faults(root)


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("portal/listings/utils.py", '"""Things."""\n', "its name says nothing"),
        ("portal/listings/search.py", "X = 1\n", "no sentence at the top"),
        ("portal/listings/search.py", '"""Long."""\n' + "X = 1\n" * 400, "401 lines"),
        (
            "portal/listings/views.py",
            '"""V."""\ndef show():\n' + "    x = 1\n" * 25,
            "show() has 26",
        ),
        (
            "portal/listings/views.py",
            '"""V."""\ndef f():\n    db.session.get(A, 1)\n',
            "db.session.get",
        ),
        ("portal/listings/models.py", '"""M."""\nfrom flask import g\n', "imports flask"),
    ],
)
def test_a_source_that_breaks_a_rule_is_named(
    tmp_path: Path, name: str, text: str, rule: str
) -> None:
    (fault,) = _source_faults(tmp_path, name, text)
    assert fault.startswith(f"{name}: ")
    assert rule in fault


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("<p>{{ text|safe }}</p>", "`|safe`"),
        ('<p onclick="x()">a</p>', "on... attribute"),
        ('<p\n  onclick="x()">a</p>', "on... attribute"),
        ('<p hx-on="x">a</p>', "hx-on"),
        ('<p hx-vals="js:{a: 1}">a</p>', "js:"),
        ('<p style="color: red">a</p>', "inline style"),
        ("<style>p {}</style>", "inline style sheet"),
        ("<script>x()</script>", "inline script"),
        ('<p hx-trigger="click[ctrlKey]">a</p>', "trigger filter"),
        ('<img src="https://other.example/a.png" alt="">', "another origin"),
        ('<a hx-get="/a">a</a>', "without its href"),
        ('<form hx-post="/a" action="/b"></form>', "leads elsewhere"),
        ("{% if a %}", "end of template"),
        ("<p>\ta</p>", "a tab"),
    ],
)
def test_a_template_that_breaks_a_rule_is_named(tmp_path: Path, line: str, rule: str) -> None:
    path = tmp_path / "templates" / "listings" / "index.html"
    path.parent.mkdir(parents=True)
    path.write_text(f"<main>\n{line}\n</main>\n", encoding="utf-8")
    found = templates.faults(tmp_path)
    assert found
    assert all(fault.startswith("templates/listings/index.html:") for fault in found)
    assert any(rule.lower() in fault.lower() for fault in found), found


@pytest.mark.parametrize(
    "line",
    [
        "{# <p onclick='x()'> is only talked about #}",
        '<script type="application/ld+json">{{ data|tojson }}</script>',
        "<script defer src=\"{{ static_url('portal.js') }}\"></script>",
        '<a hx-get="{{ url }}" href="{{ url }}">a</a>',
        '<button hx-post="/a">a</button>',
        '<option value="a" data-on="b">font-style="c"</option>',
    ],
)
def test_a_template_that_only_looks_like_breaking_a_rule_is_left_alone(
    tmp_path: Path, line: str
) -> None:
    path = tmp_path / "templates" / "listings" / "index.html"
    path.parent.mkdir(parents=True)
    path.write_text(f"{line}\n", encoding="utf-8")
    assert templates.faults(tmp_path) == []


def test_an_icon_that_the_sprite_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "templates" / "index.html"
    path.parent.mkdir()
    path.write_text('{{ icon("check") }}{{ button("a", icon="chekc") }}\n', encoding="utf-8")
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "icons.txt").write_text("check\n", encoding="utf-8")
    assert templates.faults(tmp_path) == [
        "templates/index.html:1: icon 'chekc' is not in static/icons.txt"
    ]


def test_a_fragment_has_a_root_with_an_id(tmp_path: Path) -> None:
    path = tmp_path / "templates" / "listings" / "_row.html"
    path.parent.mkdir(parents=True)
    path.write_text('{% if a %}{% endif %}\n<tr class="x">\n</tr>\n', encoding="utf-8")
    assert templates.faults(tmp_path) == [
        "templates/listings/_row.html:1: the fragment's root <tr> has no id"
    ]
    path.write_text('<tr id="listings-row-{{ id }}">\n</tr>\n', encoding="utf-8")
    assert templates.faults(tmp_path) == []
