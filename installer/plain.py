#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes a plain text for Notepad of a document: 78 columns, ASCII, lines that end in CR LF.

    plain.py DOCUMENT.md RESULT.txt

What stands behind a line `<!-- for builders -->` is left out. Links to documents that are installed as well name the
installed file. Screens and commands stay as they are, whatever their width. It knows the Markdown that our documents
use: headings, paragraphs, lists, tables, quotes, fenced and indented code, comments; anything else ends as a paragraph.
"""
import pathlib
import re
import sys
import textwrap

WIDTH = 78
FIRST = 24  # the widest a first column is, beyond which a table becomes a list
TOGETHER = 30  # code of so many letters is not broken
GLUE = "\1"     # stands for a blank in it
INSTALLED = {"README.md": "README.txt", "docs/operations.md": "OPERATIONS.txt", "docs/events.md": "EVENTS.txt",
             "LICENSE": "LICENSE.txt"}


def wrap(text, first="", rest=""):
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False).replace(GLUE, " ")


class Page:
    """A document, and where its links lead."""

    def __init__(self, path):
        self.folder = path.parent.name if path.parent.name == "docs" else ""
        self.lines = path.read_text("utf-8").split("<!-- for builders -->")[0].splitlines()
        titles = [re.sub(r"^#+ ", "", line) for line in self.lines if line.startswith("#")]
        self.titles = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"): title for title in titles}

    def link(self, match):
        text, target = match[1], match[2]
        file, _, anchor = target.partition("#")
        if not file:
            title = self.titles.get(anchor, text)
            return f'"{text}"' if title == text else f'{text} ("{title}")'
        parts = [part for part in (self.folder, *file.split("/")) if part]
        while ".." in parts:
            at = parts.index("..")
            parts[at - 1:at + 1] = []
        name = INSTALLED.get("/".join(parts))
        if re.match(r"[a-z]+:", target):
            return target if text == target else f"{text} ({target})"
        return f"{text} ({name})" if name else text

    def inline(self, text):
        """Without the marks; what is code is left as it is but for them."""
        codes = re.findall(r"(`+)(.+?)\1", text)
        codes = [code.replace(" ", GLUE) if len(code) <= TOGETHER else code for _, code in codes]
        number = iter(range(len(codes)))
        text = re.sub(r"(`+)(.+?)\1", lambda _: f"\0{next(number)}\0", text)
        text = re.sub(r"(\*\*?)(\w.*?)\1(?!\w)", r"\2", text)
        if only := re.fullmatch(r"\[([^\]]+)\]\(#[^)]*\)", text):
            return only[1]
        text = re.sub(r"!\[[^\]]*\]\([^)\s]+\)", "", text)
        text = re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", self.link, text).strip()
        return re.sub(r"\0(\d+)\0", lambda code: codes[int(code[1])], text)

    def table(self, rows):
        cells = [[self.inline(cell.replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))] for row in rows]
        head, body = cells[0], cells[2:]
        widths = [max(len(row[i]) for row in [head, *body] if i < len(row)) for i in range(len(head))]
        room = WIDTH - sum(widths[:-1]) - 2 * (len(head) - 1)
        if max(widths[:-1], default=0) > FIRST or room < 30:
            return "\n\n".join(self.as_list(head, row) for row in body)
        lines = []
        for row in [head, ["-" * min(width, room if i == len(widths) - 1 else width) for i, width in enumerate(widths)], *body]:
            start = "".join(f"{cell:{width}}  " for cell, width in zip(row[:-1], widths))
            lines.append(wrap(row[-1], start, " " * len(start)) if row[-1] else start.rstrip().replace(GLUE, " "))
        return "\n".join(lines)

    @staticmethod
    def as_list(head, row):
        """The first cell, and below it the others, each with the heading of its column where there are several."""
        lines = [wrap(row[0], "", "    ")]
        for name, cell in list(zip(head, row))[1:]:
            lines.append(wrap(f"{name}: {cell}" if len(row) > 2 and name else cell, "    ", "    "))
        return "\n".join(lines)

    def blocks(self):
        """The page as pieces of plain text, to be set apart by blank lines."""
        lines, i = self.lines, 0
        while i < len(lines):
            line, start = lines[i], i
            if not line.strip() or line.startswith("<!--") or line.strip().startswith("!["):
                i += 1
            elif fence := re.match(r"( *)```", line):
                i += 1
                while not lines[i].strip().startswith("```"):
                    i += 1
                code = [re.sub(f"^{fence[1]}", "", text) for text in lines[start + 1:i]]
                i += 1
                yield self.code(code)
            elif heading := re.match(r"(#+) (.*)", line):
                i += 1
                title = self.inline(heading[2])
                mark = {1: "=", 2: "-"}.get(len(heading[1]))
                yield ("\n" if len(heading[1]) == 2 else "") + title + (f"\n{mark * len(title)}" if mark else ":")
            elif line.startswith("|"):
                while i < len(lines) and lines[i].startswith("|"):
                    i += 1
                yield self.table(lines[start:i])
            elif line.startswith("    "):
                while i < len(lines) and (lines[i].startswith("    ") or not lines[i].strip()):
                    i += 1
                yield self.code([text[4:] for text in "\n".join(lines[start:i]).rstrip().split("\n")])
            else:
                i = self.end_of_paragraph(i)
                yield self.paragraph(lines[start:i])

    def end_of_paragraph(self, i):
        i += 1
        while i < len(self.lines) and self.lines[i].strip() and not re.match(r" *(- |\d+\. |```|\||#)", self.lines[i]):
            i += 1
        return i

    @staticmethod
    def code(lines):
        margin = "    " if max(map(len, lines), default=0) <= WIDTH - 4 else ""
        return "\n".join((margin + line).rstrip() for line in lines)

    def paragraph(self, lines):
        text = " ".join(line.strip().lstrip(">").strip() for line in lines)
        if item := re.match(r"( *)(- |\d+\. )", lines[0]):
            return wrap(self.inline(text[len(item[2]):]), item[1] + item[2], " " * len(item[0]))
        margin = "    " if lines[0].startswith(">") else re.match(" *", lines[0])[0]
        return wrap(self.inline(text), margin, margin)

    def text(self):
        pieces = list(self.blocks())
        is_item = re.compile(r" *(- |\d+\. )")
        together = pieces[0]
        for before, piece in zip(pieces, pieces[1:]):
            together += ("\n" if is_item.match(before) and is_item.match(piece) else "\n\n") + piece
        return together + "\n"


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    text = Page(pathlib.Path(sys.argv[1])).text()
    pathlib.Path(sys.argv[2]).write_bytes(text.replace("\n", "\r\n").encode("ascii"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
