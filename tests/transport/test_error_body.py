"""The server's reasons, from bodies of any shape: short, harmless, and not much work."""

from __future__ import annotations

from typing import Final

import orjson
import pytest

from aiooncall.transport.error_body import LONGEST_ERROR, MOST_ERRORS, parse_errors
from tests.support.counting import operations
from tests.support.memory import peak_of_memory

BODIES: Final = {
    "titles": b"<title>" * 9362,
    "titles that end": b"<title></title  " * 4096,
    "blank titles": b"<title> </title>" * 4096,
    "brackets": b"<" * 65_536,
    "tags": b"<a>" * 21_845,
    "scripts": b"<script>" * 8192,
    "scripts that end": b"<script></script>" * 3855,
    "comments": b"<!--" * 16_384,
    "references": b"<p>" + b"&#" + b"9" * 60_000,
    "empty arrays": b"[" + b"[]," * 21_000 + b"[]]",
    "nulls": b'{"errors": [' + b"null," * 13_000 + b"null]}",
    "deep arrays": b"[" * 900 + b"]" * 900,
    "deep objects": b'{"a":' * 900 + b"1" + b"}" * 900,
    "fields": b"{" + b",".join(b'"%d": ""' % number for number in range(5000)) + b"}",
    "spaces": b" " * 65_536,
    "controls": b"\x00\x1b" * 32_768,
    "one text": b'"' + b"x" * 65_000 + b'"',
}
"""Bodies of 64 kB that a careless reader would take seconds for."""


@pytest.mark.parametrize("name", BODIES)
def test_no_body_is_much_work(name: str) -> None:
    """An error's body costs few instructions, some ten milliseconds at most, whatever is in it."""
    body = BODIES[name]
    assert len(body) < 70_000
    assert operations(lambda: parse_errors(body)) < 300_000
    assert len(parse_errors(body)) <= MOST_ERRORS


@pytest.mark.parametrize("inner", [b'"%d": 1', b'"%d": [1, 2]', b'"%d": null'])
def test_long_names_are_not_copied_without_end(inner: bytes) -> None:
    """A long name with thousands of fields below it does not stand before each of them."""
    fields = b",".join(inner % number for number in range(4000))
    body = b'{"' + b"k" * 25_000 + b'": {' + fields + b"}}"
    with peak_of_memory() as peak:
        reasons = parse_errors(body)
    assert peak[0] < 3e6
    assert all(len(reason) <= LONGEST_ERROR for reason in reasons)


def test_text_of_a_page() -> None:
    """Of a page of HTML its title is told, else its text without what is not shown."""
    assert parse_errors(b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body>") == ("502 Bad Gateway",)
    assert parse_errors(b"<HTML><TITLE></TITLE><p>No &amp; <b>never</b></p><script>if (a < b) {}</script>") == (
        "No & never",
    )
    assert parse_errors("<style>p {}</style>käse<br".encode()) == ("käse",)
    assert parse_errors(b"<title>half of a title") == ("half of a title",)
    assert parse_errors(b"a < b") == ("a",)


def test_secret_is_hidden_however_it_is_written() -> None:
    """A credential is hidden in each text as the server meant it, however it is escaped, and before a text is cut."""
    told = "S3CRET-TOKEN"
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in told)
    references = "".join(f"&#{ord(letter)};" for letter in told)
    for body in (
        f'{{"errors": ["no {escaped} here"]}}',
        f'{{"errors": [{{"title": "no", "detail": "{escaped}"}}]}}',
        f'{{"{escaped}": ["no"]}}',
        f"<title>no {references} here</title>",
        f"no {told} here",
        f'"{"x" * (LONGEST_ERROR - 5)}{told}"',
    ):
        reasons = parse_errors(body.encode(), lambda text: text.replace(told, "***"))
        assert reasons
        assert not any("S3C" in reason for reason in reasons), body


STEERING: Final = "\x00\x07\x1b\x7f\x9b\u061c\u200e\u202e\u2028\u2066\r\n\t"


def test_reasons_do_not_steer() -> None:
    """No reason has a control character, a turn of the direction of writing, or a second line."""
    document = orjson.dumps({"errors": [f"no{STEERING}way", {"title": STEERING, "detail": f"x{STEERING}"}]})
    for body in (document, f"<p>no{STEERING}way</p>".encode(), f"no{STEERING}way".encode()):
        for reason in parse_errors(body):
            assert not set(reason) & set(STEERING)
            assert reason.isprintable()
