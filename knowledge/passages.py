"""An entry's Markdown as a customer reads it on WhatsApp, and cut into the pieces that answer one question."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?")
NUMBER = re.compile(r"^\s*(\d{1,3})[.)]\s+")
RULE = re.compile(r"^\s*(?:[-*_]\s*){3,}$")
TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?\s*)?$")
ONLY_BOLD = re.compile(r"^(?:\*\*|__)[^*_\n]+(?:\*\*|__):?$")
IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]+)\]\(\s*<?([^)\s>]+)>?[^)]*\)")
AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>\s]+)>")
TAG = re.compile(r"</?[a-zA-Z][^<>\n]*>")
BOLD = re.compile(r"(?<!\\)(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
ITALIC = re.compile(r"(?<![\\*\w])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![*\w])")
STRIKE = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
CODE = re.compile(r"`+([^`\n]+)`+")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


@dataclass(frozen=True)
class Block:
    """A paragraph, or a list with one line per item; `heading` introduces it. All of it is WhatsApp text."""

    heading: str
    lines: tuple[str, ...]
    is_list: bool

    @property
    def text(self) -> str:
        lines = [_bulleted(line) for line in self.lines] if self.is_list else list(self.lines)
        return "\n".join([self.heading, *lines] if self.heading else lines)


def _bulleted(line: str) -> str:
    return line if NUMBER.match(line) else f"- {line}"


def blocks(markdown: str) -> list[Block]:
    """The paragraphs and lists of an entry, in order, each with the heading that stands above it."""
    found: list[Block] = []
    heading = ""
    for lines in _chunks(markdown):
        first = lines[0]
        title = HEADING.match(first)
        if title or (len(lines) == 1 and (ONLY_BOLD.match(first) or first.rstrip().endswith(":"))):
            heading = _bold(inline(title[1])) if title else inline(first)
            continue
        found.append(_block(heading, lines))
        heading = ""
    if heading:
        found.append(Block("", (heading,), is_list=False))
    return found


def _block(heading: str, lines: list[str]) -> Block:
    if "|" in lines[0] and len(lines) > 1 and TABLE_RULE.match(lines[1]):
        return Block(heading, tuple(_table(lines)), is_list=True)
    if ITEM.match(lines[0]):
        return Block(heading, tuple(_items(lines)), is_list=True)
    text = tuple(inline(line.lstrip("> ")) for line in lines)
    return Block(heading, text, is_list=False)


def whatsapp(markdown: str) -> str:
    """The whole entry as a WhatsApp message: `*bold*`, `_italic_`, plain lists, no headings, tables or named links."""
    return "\n\n".join(block.text for block in blocks(markdown))


def _chunks(markdown: str) -> Iterator[list[str]]:
    """Lines that belong together: separated by empty lines, headings, and where a list begins or ends."""
    chunk: list[str] = []
    for line in markdown.replace("\r\n", "\n").replace("\t", "    ").split("\n"):
        line = line.rstrip()
        breaks = not line or RULE.match(line) or HEADING.match(line)
        begins = bool(ITEM.match(line)) and bool(chunk) and not ITEM.match(chunk[0])
        if chunk and (breaks or begins):
            yield chunk
            chunk = []
        if HEADING.match(line):
            yield [line]
        elif line and not RULE.match(line):
            chunk.append(line)
    if chunk:
        yield chunk


def _items(lines: list[str]) -> Iterator[str]:
    """One line per item; a line that goes on joins the item above."""
    item = ""
    for line in lines:
        if not ITEM.match(line):
            item = f"{item} {inline(line.strip())}"
            continue
        if item:
            yield item
        number = NUMBER.match(line)
        text = inline(ITEM.sub("", line, count=1))
        item = f"{number[1]}. {text}" if number else text
    yield item


def _table(lines: list[str]) -> Iterator[str]:
    """A row becomes `first cell: Header second cell, Header third cell`."""
    names = [inline(cell) for cell in _cells(lines[0])]
    for line in lines[2:]:
        first, *rest = [inline(cell) for cell in _cells(line)] or [""]
        told = [f"{n} {c}" if n else c for n, c in zip(names[1:], rest, strict=False) if c]
        yield f"{first}: {', '.join(told)}" if told else first


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def inline(text: str) -> str:
    """Markdown inside a line as WhatsApp writes it."""
    text = IMAGE.sub(r"\1", text)
    text = LINK.sub(lambda m: m[2] if m[1] == m[2] else f"{m[1]}: {m[2]}", text)
    text = AUTOLINK.sub(lambda m: m[1].removeprefix("mailto:"), text)
    text = TAG.sub("", CODE.sub(r"\1", text))
    text = ITALIC.sub(r"_\1_", BOLD.sub("\x01\\2\x01", text)).replace("\x01", "*")
    text = ESCAPED.sub(r"\1", STRIKE.sub(r"~\1~", text))
    return html.unescape(text).strip()


def _bold(text: str) -> str:
    return text if "*" in text else f"*{text}*"
