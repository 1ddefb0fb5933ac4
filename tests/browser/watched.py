"""One page in a browser, and all that went wrong on it."""

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Request

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, PHONE = 1440, 360
HEIGHTS = {WIDE: 900, PHONE: 740}
# All of WCAG 2.2 A and AA that a program can see, and what axe-core calls best practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Latin words that a Chinese page may show: names of things that have no other, and what devices are called.
LATIN = re.compile(
    r"SOS|API|SMS|MQTT|CSV|XLSX|PDF|Excel|English|Enter|Esc|CO|ID|A4|UTF|GBK|HTTP|Twilio|SQLite|PostgreSQL|Mosquitto|"
    r"OpenAPI|carehub|zigbee2mqtt|WAL|QoS|ppm|LEL|KB|MB|GB|ms|YAML|IP|Bearer|iPhone|Android|Chrome|Firefox|Edge|Safari",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?<![\w./@:%+-])[A-Za-z][A-Za-z']+(?![\w./@:+-])")
# Text that people see, piece by piece; what is code, a key, or data a program wrote is marked as such in the page.
_TEXTS = """
() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement;
    if (at.closest("script, style, kbd, code, pre, .key-code, [translate=no], option[lang], [lang=en] [lang=en]"))
      continue;
    if (at.closest("dialog:not([open]), [hidden]")) continue;
    found.push(walk.currentNode.textContent);
  }
  for (const at of document.querySelectorAll("[aria-label], [placeholder], [title], img[alt]"))
    for (const name of ["aria-label", "placeholder", "title", "alt"])
      if (at.hasAttribute(name) && !at.closest("[translate=no]")) found.push(at.getAttribute(name));
  found.push(document.title);
  return found.map((text) => text.trim()).filter((text) => text);
}
"""
# What people tap: drawn lower than `least`, and not a word inside a sentence.
_SMALL = """
([which, least]) => [...document.querySelectorAll(which)].filter((at) => {
  const box = at.getBoundingClientRect();
  if (!box.height || !at.checkVisibility() || at.closest("dialog:not([open])")) return false;
  if (at.matches("input[type=radio], input[type=checkbox]") && at.closest("label"))
    return at.closest("label").getBoundingClientRect().height < least;
  return box.height < least - 0.5;
}).map((at) => `${Math.round(at.getBoundingClientRect().height)} px: ${at.outerHTML.slice(0, 90)}`)
"""
# Text that is cut: it needs more room than its box has and the box hides the rest.
_CUT = """
() => [...document.querySelectorAll("main *, .top *, .tabs *, .rail *")].filter((at) => {
  const style = getComputedStyle(at);
  if (!["hidden", "clip"].includes(style.overflowX)) return false;
  if (at.matches(".vh, .sprite, progress, input, svg, svg *")) return false;
  if (!at.checkVisibility() || at.clientWidth === 0 || style.textOverflow === "ellipsis") return false;
  return at.scrollWidth > at.clientWidth + 1 || at.scrollHeight > at.clientHeight + 2;
}).map((at) => at.outerHTML.slice(0, 90))
"""
# Boxes that reach past the window, and are not inside something that scrolls by itself.
_WIDE = """
() => [...document.querySelectorAll("body *")].filter((at) => {
  const box = at.getBoundingClientRect();
  if (at.closest(".vh, .sprite, .skip, [data-scroll], .scroll, .act-wrap")) return false;
  return box.width && box.right > innerWidth + 1;
}).slice(0, 5).map((at) => at.outerHTML.slice(0, 90))
"""


@dataclass
class Watched:
    """One page and what went wrong on it; `asked` are the addresses it asked for."""

    page: Page
    shots: Path
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self, host: str) -> None:
        """Note each error in the browser's console and each request to another host."""

        def asks(request: Request) -> None:
            self.asked.append(request.url)
            if urlsplit(request.url).netloc not in (host, ""):
                self.faults.append(f"asked {request.url}")

        self.page.on("request", asks)
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    async def goes(self, url: str) -> None:
        """Open another address in this window; what it asks for is counted anew."""
        self.asked.clear()
        await self.page.goto(url)

    async def shoot(self, name: str) -> Path:
        """Save a picture of the whole page, if somebody wants to look at it."""
        path = self.shots / f"{name}.png"
        if "SHOTS" in os.environ:
            await self.page.screenshot(path=path, full_page=True)
        return path

    async def overflows(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    async def too_wide(self) -> list[str]:
        """Return what reaches past the window's right edge."""
        over = await self.overflows()
        found = list(await self.page.evaluate(_WIDE)) if over > 0 else []
        return found or ([f"something that is not seen, by {over} pixels"] if over > 0 else [])

    async def small_targets(self, least: int, which: str = "a,button,input:not([type=hidden])") -> list[str]:
        """Return what of `which` can be tapped and is lower than `least` pixels."""
        return list(await self.page.evaluate(_SMALL, [which, least]))

    async def cut(self) -> list[str]:
        """Return whose text does not fit where it stands."""
        return list(await self.page.evaluate(_CUT))

    async def axe(self, *rules: str) -> list[str]:
        """Return what axe-core finds serious or critical, with where it stands; `rules`: these alone."""
        which = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
        found = await Axe().run(self.page, options={"runOnly": which})
        return [
            f"{rule['id']} ({rule['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
            for rule in found.response["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    async def english(self) -> list[str]:
        """Return the English words that people see on a page that should be Chinese."""
        texts: list[str] = await self.page.evaluate(_TEXTS)
        return [text for text in texts if any(not LATIN.fullmatch(word) for word in _WORD.findall(text))]
