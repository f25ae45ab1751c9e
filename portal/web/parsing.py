"""One rule set for everything people type: plain text in, a clean value out, or a sentence why not.

Forms, imports and JSON all go through these functions, so that a value is accepted or refused in
the same way wherever it comes from and whichever database keeps it. They know no request and
raise nothing but `Invalid`. The rules:

- Length is looked at first, so that a megabyte costs nothing. Characters are Unicode code points,
  as PostgreSQL counts them (SQLite counts none by itself); UTF-8 makes of them at most four times
  as many bytes. E-mail addresses are counted in bytes (RFC 5321).
- Refused everywhere: NUL and other C0 and C1 controls, lone surrogates (neither database driver
  takes them), noncharacters, bidirectional controls (they make text read as another), characters
  without a glyph that hide text (zero-width space, fillers, tags outside a flag), joiners that
  join nothing, more than four combining marks in a row.
- A line has no line break of any kind (CR, LF, U+0085, U+2028, U+2029) and no tab. In a text block
  every kind of line break becomes a line feed; tabs stay.
- Free text is kept as typed, in Unicode's form NFC, without blanks around it. A line that shows
  nothing is an empty line.
- In numbers, days, phone numbers and addresses full-width characters (１１０００) count as their
  narrow selves; other compatibility characters do not: 10² is not 102.
- Numbers are ASCII digits. Commas only where they group thousands. No sign, exponent, underscore,
  hexadecimal, NaN or Infinity.
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from typing import Any, Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l

LARGEST_COUNT: Final = 2_147_483_647
"""Largest whole number both databases keep in an integer column."""
MINOR_DIGITS: Final = {"CNY": 2, "USD": 2, "EUR": 2, "HKD": 2, "JPY": 0}
"""Decimals of a currency (ISO 4217): an amount is kept in units of the last of them."""
LONGEST_EMAIL: Final = 254
"""Bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets)."""
LONGEST_PHONE: Final = 40
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199

_WHOLE_DIGITS: Final = 12
_LONGEST_NUMBER: Final = 40
_MARKS_IN_A_ROW: Final = 4
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_LINE_BREAKS: Final = re.compile("\r\n|[\r\n\u0085\u2028\u2029]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_CONTROLS: Final = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u2800"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a]"
    # Tags spell the region of a flag and nothing else; joiners stand singly between two signs.
    "|(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0000-\U000e007f]|[\U000e0080-\U000e00ff]"
    "|^[\u200c\u200d]|[\u200c\u200d](?=[\\s\u200c\u200d]|$)|(?<=\\s)[\u200c\u200d]"
)
_AMOUNT: Final = re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<part>[0-9]+))?")
_COUNT: Final = re.compile(r"[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+")
_DAY: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})"
    r"|\.([0-9]{1,2})\.([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)"
)
_EXTENSION: Final = re.compile(r"\s*(?:转|轉|分机|分機|ext\.?|x|#)\s*", re.IGNORECASE)
# 010-88888888-801, as Chinese letterheads print an extension.
_DASHED_EXTENSION: Final = re.compile(r"(?<=[0-9]{7})-([0-9]{1,5})$")
_PHONE: Final = re.compile(r"\+?[0-9(][0-9() ./-]*( ext\. [0-9]{1,6})?")
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—−ー"), "-")


class Invalid(ValueError):  # noqa: N818 - it reads as what it says: the input is invalid
    """The input cannot be taken; `message` says what to do, in the reader's language."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


def parse_line(raw: str, *, most: int, least: int = 0) -> str:
    """One line of free text.

    Args:
        raw: As typed.
        most: Characters it may have.
        least: Characters it must have; 0: it may be empty.
    """
    _refuse_huge(raw, most)
    if "\t" in raw or _LINE_BREAKS.search(raw):
        raise Invalid(_l("This must be a single line: remove the line breaks and tabs."))
    return _measured(_free_text(raw).strip(), most, least)


def parse_text(raw: str, *, most: int, least: int = 0) -> str:
    """A text of several lines, each ended by a line feed.

    Args:
        raw: As typed.
        most: Characters it may have; a line break is one.
        least: Characters it must have; 0: it may be empty.
    """
    # Browsers send a line break as two characters.
    _refuse_huge(raw, 2 * most)
    lines = _free_text(_LINE_BREAKS.sub("\n", raw))
    # Blanks before the first word mean something in Markdown; empty lines before it do not.
    return _measured(re.sub(r"\A(?:[^\S\n]*\n)+", "", lines.rstrip()), most, least)


def parse_money(raw: str, currency: str) -> int:
    """An amount above zero, in minor units (fen, cents) of `currency`."""
    typed = _narrow(raw)
    if not typed:
        raise Invalid(_l("Enter an amount, such as 11000.00."))
    match = _AMOUNT.fullmatch(typed)
    if match is None:
        raise Invalid(_l("Enter the amount in digits, such as 11000.00 or 11,000.00."))
    whole, part = match["whole"].replace(",", ""), match["part"] or ""
    if len(whole) > _WHOLE_DIGITS:
        raise Invalid(_l("An amount has at most 12 digits before the decimal point."))
    digits = MINOR_DIGITS.get(currency, 2)
    if len(part) > digits:
        raise Invalid(_decimals(digits))
    minor = int(whole + part.ljust(digits, "0"))
    if minor == 0:
        raise Invalid(_l("Enter an amount above zero."))
    return minor


def parse_count(raw: str, least: int = 0, most: int = LARGEST_COUNT) -> int:
    """A whole number from `least` to `most`."""
    typed = _narrow(raw)
    digits = typed.replace(",", "").lstrip("0")
    if _COUNT.fullmatch(typed) and len(digits) <= len(str(LARGEST_COUNT)):
        count = int(digits or "0")
        if least <= count <= min(most, LARGEST_COUNT):
            return count
    raise Invalid(
        _l(
            "Enter a whole number from %(least)s to %(most)s.",
            least=f"{least:,}",
            most=f"{most:,}",
        )
    )


def parse_day(raw: str) -> date:
    """A calendar day, as `2024-03-05`, `2024/3/5`, `2024.3.5` or `2024年3月5日`."""
    match = _DAY.fullmatch(_narrow(raw))
    if match is None:
        raise Invalid(_l("Enter the day as year-month-day, such as 2024-03-05."))
    year, month, day = (int(part) for part in match.groups() if part)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(_l("Enter a day between the years 1900 and 2199."))
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid(_l("There is no such day: check the month and the day.")) from None


def parse_email(raw: str) -> str:
    """One e-mail address: its local part as typed, its domain in lower-case ASCII."""
    wrong = Invalid(_l("Enter one e-mail address, such as name@example.com."))
    typed = _narrow(raw, longest=4 * LONGEST_EMAIL)
    if not typed or len(typed.encode()) > LONGEST_EMAIL:
        raise wrong
    try:
        address = validate_email(typed, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, ValueError):
        raise wrong from None
    # The ASCII form is the one every mail server takes.
    ascii_form = address.ascii_email
    # What reads as an encoded word (RFC 2047) is nobody's address, and would be decoded in a header.
    if not ascii_form or len(ascii_form) > LONGEST_EMAIL or "=?" in ascii_form:
        raise wrong
    return ascii_form


def parse_phone(raw: str) -> str:
    """A phone number in its international form, such as `+86 10 8888 8888 ext. 8`.

    A number without a country code is one of mainland China. Whether the length is one that the
    country has is checked, not whether the range is in use: those lists age, and a refused
    number is a lost customer.
    """
    typed = _narrow(raw, longest=80).translate(_DASHES)
    typed = _EXTENSION.sub(" ext. ", _DASHED_EXTENSION.sub(r" ext. \1", typed), count=1)
    if not _PHONE.fullmatch(typed) or len(typed) > 60:
        raise Invalid(_l("Enter one phone number, such as 138 0013 8000 or 010-8888 8888 转 8."))
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    reason = phonenumbers.is_possible_number_with_reason(number)
    if _lacks_area_code(number, reason):
        raise Invalid(_l("Add the area code, such as 010-8888 8888."))
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    national = len(str(number.national_number))
    is_whole = 10 <= national <= 11 if number.country_code == 86 else national >= 4
    is_possible = reason == phonenumbers.ValidationResult.IS_POSSIBLE
    if not (is_possible and is_whole) or len(shown) > LONGEST_PHONE:
        raise Invalid(_l("This is no complete phone number: check its digits."))
    return shown


def _lacks_area_code(number: phonenumbers.PhoneNumber, reason: int) -> bool:
    if reason == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return True
    # Here an area code and its number have ten digits or eleven.
    return number.country_code == 86 and len(str(number.national_number)) in {7, 8, 9}


def parse_choice(raw: str, allowed: Collection[str]) -> str:
    """One of `allowed`, written exactly so."""
    # Long before equality is asked: what is no choice may be a megabyte.
    if len(raw) <= 100 and raw in allowed:
        return raw
    raise Invalid(_l("Choose one of the listed values."))


def printable(raw: str) -> str:
    """What was typed, fit to stand in a page again: what HTML cannot hold becomes U+FFFD."""
    return _CONTROLS.sub("\ufffd", raw)


def _refuse_huge(raw: str, most: int) -> None:
    """Refuse what cannot fit whatever is trimmed or composed, before anything reads it."""
    if len(raw) > 3 * most + 64:
        raise _too_long(most)


def _free_text(raw: str) -> str:
    _refuse_characters(raw)
    # Before composing: that sorts runs of marks, slowly where they are long.
    if not raw.isascii() and _longest_run_of_marks(raw) > _MARKS_IN_A_ROW:
        raise Invalid(_l("Too many accents on one letter: remove some."))
    return unicodedata.normalize("NFC", raw)


def _refuse_characters(raw: str) -> None:
    if _CONTROLS.search(raw):
        raise Invalid(_l("This holds a control character that cannot be shown: type it anew."))
    if raw.isascii():
        return
    if _BIDI.search(raw):
        raise Invalid(_l("This holds a character that turns the reading direction: type it anew."))
    if hidden := _HIDDEN.search(raw):
        raise Invalid(
            _l(
                "This holds an invisible character (%(code)s) as character %(position)s: delete it.",
                code=f"U+{ord(hidden[0]):04X}",
                position=hidden.start() + 1,
            )
        )


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for character in text:
        if character >= "\u0300" and unicodedata.category(character) in {"Mn", "Me"}:
            run += 1
            longest = max(longest, run)
        else:
            run = 0
    return longest


def _measured(text: str, most: int, least: int) -> str:
    if not any(unicodedata.category(character)[0] not in "ZMC" for character in text):
        # Unassigned ones show: Python's tables are older than the newest Han characters.
        text = text if any(unicodedata.category(c) in {"Cn", "Co"} for c in text) else ""
    if len(text) > most:
        raise _too_long(most)
    if not text and least:
        raise Invalid(_l("This must be filled in."))
    if len(text) < least:
        raise Invalid(_l("Write at least %(least)s characters.", least=f"{least:,}"))
    return text


def _too_long(most: int) -> Invalid:
    return Invalid(_l("Too long: write at most %(most)s characters.", most=f"{most:,}"))


def _decimals(digits: int) -> Any:
    if digits:
        return _l("An amount in this currency has at most %(digits)s decimals.", digits=digits)
    return _l("An amount in this currency has no decimals.")


def _narrow(raw: str, longest: int = _LONGEST_NUMBER) -> str:
    """Narrow forms of full-width characters, without the blanks around."""
    if len(raw) > longest:
        raise Invalid(_l("This is too long: check what was typed."))
    if "\t" in raw or _LINE_BREAKS.search(raw):
        raise Invalid(_l("This must be a single line: remove the line breaks and tabs."))
    _refuse_characters(raw)
    return raw.translate(_FULL_WIDTH).strip()
