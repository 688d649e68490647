"""Bodies as people may see them: indented where they are JSON, every secret blanked, numbers and names byte for byte."""

import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

STARS = "***"
SHOWN = 64 * 1024
LOOSE = 4 * 1024  # of what is no JSON: its patterns look around every character
_NAME = r"(?:pass(?:word|wd|phrase)|pwd|secret|token|api[-_ ]?key|authorization|credential|private[-_ ]?key)"
_KEY = rf"(?:[^\"\\]|\\.){{0,100}}{_NAME}(?:[^\"\\]|\\.){{0,100}}"
_WORD = rf"[\w:.-]{{0,60}}{_NAME}[\w:.-]{{0,60}}"
_TEXT = r"\"(?:[^\"\\]|\\.)*\"?"  # its end may be cut off
_MEMBER = re.compile(rf'(?i)^(\s*)("{_KEY}": )(.*)$')
_LOOSE = (  # in what is no JSON, or is cut off: members, form fields and attributes, XML elements, headers
    (re.compile(rf'(?i)("{_KEY}"\s{{0,20}}:\s{{0,20}})({_TEXT}|[^\s,}}\]]+)'), rf'\1"{STARS}"'),
    (re.compile(rf"(?i)({_WORD}\s{{0,20}}=\s{{0,20}})({_TEXT}|'[^']*'?|[^&\s;\"'<>]+)"), rf"\1{STARS}"),
    (re.compile(rf"(?i)(<{_WORD}(?:\s[^<>]{{0,500}})?>)[^<]+"), rf"\1{STARS}"),
    (re.compile(rf"(?im)^([ \t]{{0,20}}{_WORD}[ \t]{{0,20}}:[ \t]{{0,20}})\S.*$"), rf"\1{STARS}"),
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")


def readable(raw: bytes) -> tuple[str, bool]:
    """Show a body as text, without its secrets, and say whether it was cut; what is no JSON is shown as it is."""
    text = raw.decode("utf-8", "replace")
    with suppress(msgspec.DecodeError, RecursionError):
        shown = "\n".join(_blanked(iter(msgspec.json.format(text, indent=2).split("\n"))))
        return _BEARER.sub(rf"\1 {STARS}", shown[:SHOWN]), len(shown) > SHOWN
    shown = text[:LOOSE]
    for pattern, stars in _LOOSE:
        shown = pattern.sub(stars, shown)
    return _BEARER.sub(rf"\1 {STARS}", shown), len(text) > LOOSE


def _blanked(lines: Iterator[str]) -> Iterator[str]:
    """Go through indented JSON line by line; a secret that is an object or a list goes with all that is in it."""
    for line in lines:
        found = _MEMBER.match(line)
        if found is None:
            yield line
            continue
        last = found[3]
        if last in ("{", "["):
            end = found[1] + ("}" if last == "{" else "]")
            last = next(inside for inside in lines if inside.rstrip(",") == end)
        yield f'{found[1]}{found[2]}"{STARS}"' + ("," if last.endswith(",") else "")
