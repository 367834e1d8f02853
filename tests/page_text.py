"""What the text of every page must be like, before any browser has seen it."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import re
from collections import Counter

_SCRIPT = re.compile(r"<script>(.*?)</script>", flags=re.S)


def body_of(page: str) -> str:
    """A page without its scripts and styles."""
    return re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)


def broken_bones(page: str) -> list[str]:
    """What is wrong with the bones of a page that a screen reader goes by; empty when nothing is."""
    body = body_of(page)
    levels = [int(level) for level in re.findall(r"<h([1-6])", body)]
    identifiers = Counter(re.findall(r'\bid="([^"]+)"', body))
    targets = set(re.findall(r'href="#([^"]+)"', body))
    scrolling = re.findall(r'<div class="scroll"[^>]*>', body)
    checks = {
        "its language": '<html lang="en-GB">' in body,
        "one first heading": levels.count(1) == 1,
        "the skip link first": re.search(r'<body>\s*<a class="skip"', body),
        "no level of headings left out": all(below <= above + 1 for above, below in itertools.pairwise(levels)),
        "a caption for each table": body.count("<table") == body.count("<caption"),
        "a scope for each header": all('scope="' in tag for tag in re.findall(r"<th\b[^>]*>", body)),
        "each id once": all(number == 1 for number in identifiers.values()),
        "a target for each link": targets <= set(identifiers),
        "boxes that scroll reached by keyboard": all('tabindex="0"' in tag for tag in scrolling),
        "boxes that scroll named": all("aria-label=" in tag for tag in scrolling),
    }
    return [what for what, held in checks.items() if not held]


def leads_outside(page: str) -> list[str]:
    """Addresses on the web that a page loads from or sends to, and scripts its policy does not allow or lacks."""
    outside = _SCRIPT.sub("", page)
    found = re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//[^"'\s>]*""", outside)
    found += re.findall(r"url\((?!data:|#)[^)]*\)", outside) + re.findall(r"@import[^;]*", outside)
    found += ["sourceMappingURL"] if "sourceMappingURL" in page else []
    policy = html.unescape(re.search(r"Content-Security-Policy\"\s+content=\"([^\"]+)\"", page)[1])
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    scripts = [hashlib.sha256(script.encode("utf-8")).digest() for script in _SCRIPT.findall(page)]
    hashes = {base64.b64encode(script).decode("ascii") for script in scripts}
    found += [f"a script the policy does not know, or knows in vain: {one}" for one in sorted(hashes ^ set(allowed))]
    return found if "default-src 'none'" in policy else [*found, "a policy that does not begin with nothing"]
