#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the documentation with the sources it describes. Run by tests/check.

Events: docs/events.md and its table against service/messages.mc, core/host.h and service/events.c.
Configuration: installer/kmrepair.ini and docs/operations.md against core/config.[ch].
Commands and exit codes: docs/operations.md against service/options.c and installer/kmrepair.nsi.
Architecture: each module is named in docs/architecture.md.
Text: what is installed is plain ASCII of 80 columns at most. What the program prints: tests/examples.py.
Links: the relative ones in all .md files. XML: well-formed, and for this event source. Licence: in the first line of each source.

    tests/docs.py [ROOT]     ROOT: the folder of the sources, else the one this file is in

A failure names the file, what was expected and what was found. Ends with `N passed, N failed`.
"""
import pathlib
import re
import sys
import types
import xml.etree.ElementTree

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
NOT_OURS = {".git", "build", "node_modules"}
NONE = "none"

passed = 0
failed = 0


def check(file, what, expected, found):
    """One test: the two are equal, or it says where they are not."""
    global passed, failed
    if expected == found:
        passed += 1
        return
    failed += 1
    if isinstance(expected, list) and isinstance(found, list) and set(expected) != set(found):
        # Of long lists only where they differ.
        lacking, more = ([x for x in a if x not in b] for a, b in ((expected, found), (found, expected)))
        print(f"FAILED {file}: {what}: expected but not found {lacking}, found but not expected {more}")
    else:
        print(f"FAILED {file}: {what}: expected {expected!r}, found {found!r}")


def read(name):
    path = ROOT / name
    if not path.is_file():
        check(name, "file", "present", "missing")
        return ""
    return path.read_text("utf-8").replace("\r\n", "\n")


def squeeze(text):
    return " ".join(text.split())


def section_of(name, heading):
    """The text below a heading, up to the next one of its level or above; with an example that looks like one."""
    level = len(heading.split()[0])
    match = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", read(name), re.M | re.S)
    return match[1] if match else ""


# ---- events ----

def messages():
    """{symbol: (number, severity, text)} of messages.mc; the categories are among them."""
    found = {}
    for block in re.split(r"^MessageId=", read("service/messages.mc"), flags=re.M)[1:]:
        match = re.match(r"(\d+)\nSeverity=(\w+)\nSymbolicName=(\w+)\nLanguage=English\n(.*?)\n\.\n", block, re.S)
        if match:
            found[match[3]] = (int(match[1]), match[2], squeeze(match[4]))
        else:
            check("service/messages.mc", "a message", "number, severity, name, English text", block[:60])
    return found


def host_events():
    """{symbol: (number, its strings as the comment names them)} of host.h."""
    body = re.search(r"enum event_number \{(.*?)\};", read("core/host.h"), re.S)
    lines = re.findall(r"(EVENT_\w+) = (\d+),?\s*(?:/\*(.*?)\*/)?", body[1] if body else "", re.S)
    return {name: (int(number), squeeze(strings)) for name, number, strings in lines}


def source_events():
    """{number: (severity, category, text, strings)}, and that the three sources agree with each other."""
    texts, numbers = messages(), host_events()
    table = re.search(r" messages\[\] = \{(.*?)\};", read("service/events.c"), re.S)
    listed = re.findall(r"MSG_\w+", table[1] if table else "")
    check("service/events.c", "messages in the table", sorted(s for s in texts if s.startswith("MSG_")), sorted(listed))
    check("core/host.h", "events", sorted("EVENT" + message[3:] for message in listed), sorted(numbers))
    categories = {id_: text for name, (id_, _, text) in texts.items() if name.startswith("CATEGORY_")}
    found = {}
    for message in listed:
        event = "EVENT" + message[3:]
        number, strings = numbers.get(event, (NONE, ""))
        id_, severity, text = texts.get(message, (NONE, NONE, ""))
        check("core/host.h", f"number of {event}, that of {message}", id_, number)
        category = categories.get(int(id_) // 1000, NONE) if id_ != NONE else NONE  # the event's thousands
        found[id_] = (severity, category, text, strings)
    return found


def documented_events():
    """{number: (severity, category, strings, text, when, do)} of docs/events.md."""
    found = {}
    sections = re.split(r"^### ", read("docs/events.md"), flags=re.M)[1:]
    for section in sections:
        section = re.split(r"^## ", section, flags=re.M)[0]
        head = re.match(r"(\d+) .+\n\n(\w+), category (\w+)\.(?: Strings: (.*?)\.)?\n\n", section, re.S)
        if not head:
            check("docs/events.md", "a section", "`### ID Title` and `Severity, category Category.`", section[:60])
            continue
        quote = squeeze("\n".join(re.findall(r"^> ?(.*)$", section, re.M)))
        number = int(head[1])
        check("docs/events.md", f"sections for event {number}", 1, 1 + (number in found))
        found[number] = (head[2], head[3], squeeze(head[4] or ""), quote, bool(re.search(r"^\*\*When:\*\* \S", section, re.M)),
                         bool(re.search(r"^\*\*Do:\*\* \S", section, re.M)))
    return found


def events_at_a_glance():
    """{number: type} of the table of docs/events.md."""
    section = re.search(r"^## At a glance\n(.*?)^##", read("docs/events.md"), re.M | re.S)
    found = {}
    for ids, types in re.findall(r"^\| (\d[\d, ]*) \| ([\w, ]+) \|", section[1] if section else "", re.M):
        ids, types = ids.split(", "), types.split(", ")
        for i, number in enumerate(ids):
            found[int(number)] = types[i if len(types) == len(ids) else 0]
    return found


def check_events():
    source, page, table = source_events(), documented_events(), events_at_a_glance()
    # Sources that are laid out differently than the patterns above expect must not pass for empty ones.
    check("service/messages.mc", "events were found", True, len(source) >= 20)
    check("docs/events.md", "events", sorted(source), sorted(page))
    check("docs/events.md", "events in the table", sorted(source), sorted(table))
    for number, (severity, category, text, strings) in sorted(source.items()):
        what = f"event {number}"
        if number in table:
            check("docs/events.md", f"{what}, type in the table", severity.lower(), table[number])
        if number not in page:
            continue
        has = page[number]
        check("docs/events.md", f"{what}, severity", severity, has[0])
        check("docs/events.md", f"{what}, category", category, has[1])
        check("docs/events.md", f"{what}, text", text, has[3])
        if strings:
            check("docs/events.md", f"{what}, strings", strings, has[2])
        inserted = max([int(n) for n in re.findall(r"%(\d)", text)], default=0)
        listed = len(has[2].split(", ")) if has[2] else 0
        check("docs/events.md", f"{what}, number of strings listed, that of the text's insertions", inserted, listed)
        check("docs/events.md", f"{what}, has **When:** and **Do:**", (True, True), has[4:])


# ---- configuration ----

def number_of(expression, constants):
    """The value of 100, CONFIG_X or 7 * 24 * 60."""
    value = 1
    for factor in expression.split("*"):
        factor = factor.strip()
        factor = constants.get(factor, factor)
        value *= number_of(factor, constants) if "*" in factor else int(factor)
    return value


def source_keys():
    """{key: (section, least, most, default)} of config.c; the range is None where there is none."""
    code = read("core/config.c")
    constants = dict(re.findall(r"(CONFIG_\w+) = ([\w* ]+)", read("core/config.h")))
    body = re.search(r"^void config_defaults\(.*?\{(.*?)^\}", code, re.M | re.S)
    defaults = dict(re.findall(r"settings->(\w+) = (\w+);", body[1] if body else ""))
    defaults |= {name: value.replace("\\\\", "\\")
                 for name, value in re.findall(r'text_copy\(settings->(\w+),[^"]*"(.*?)"\)', body[1] if body else "")}
    words = {"true": "yes", "false": "no"}
    found = {}
    for section, key, least, most in re.findall(r'\{"(\w+)", "(\w+)", ([^,}]+), ([^,}]+),\s[^}]+\}', code):
        field = re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()
        default = defaults.get(field, NONE)
        least, most = number_of(least, constants), number_of(most, constants)
        found[key] = (section, *((None, None) if most == 0 else (least, most)), words.get(default, default))
    return found


def ini_keys(text):
    """{key: (section, value, the comment above it)}."""
    found, section, comment = {}, "", []
    for line in map(str.strip, text.splitlines()):
        if line.startswith(";"):
            comment.append(line[1:].strip())
            continue
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            key, value = map(str.strip, line.split("=", 1))
            found[key] = (section, value, " ".join(comment))
        comment = []
    return found


def names(text, number):
    """Is the number in the text, with or without commas between its thousands?"""
    return re.search(rf"(?<!\d){number}(?!\d)", text.replace(",", "")) is not None


def check_configuration():
    keys = source_keys()
    check("core/config.c", "keys with a default were found", True, len([k for k in keys.values() if k[3] != NONE]) >= 5)
    shipped = ini_keys(read("installer/kmrepair.ini"))
    guide = "docs/operations.md"
    section = section_of(guide, "### Configuration")
    example = ini_keys("\n".join(re.findall(r"^    (.*)$", section, re.M)))
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.M))
    check("installer/kmrepair.ini", "keys", sorted(keys), sorted(shipped))
    check(guide, "keys in the example", sorted(keys), sorted(example))
    check(guide, "keys in the table", sorted(keys), sorted(rows))
    for key, (part, least, most, default) in keys.items():
        for file, has in (("installer/kmrepair.ini", shipped), (guide, example)):
            if key in has:
                check(file, f"section of {key}", part, has[key][0])
                check(file, f"value of {key}, the default in core/config.c", default, has[key][1])
        if key in shipped:
            check("installer/kmrepair.ini", f"{key} has a comment", True, bool(shipped[key][2]))
        if most is None:
            continue
        for file, text in (("installer/kmrepair.ini", shipped.get(key, ("", "", ""))[2]), (guide, rows.get(key, ""))):
            check(file, f"ends of the range of {key}, in {text!r}", [least, most], [n for n in (least, most) if names(text, n)])


# ---- commands and exit codes ----

def verbs_and_options():
    """The verbs of the program, and the options that people are told of."""
    code = read("service/grammar.c") if (ROOT / "service/grammar.c").is_file() else read("service/options.c")
    verbs = re.findall(r'\[VERB_\w+\] =\s*\{"(\w+)"', code)
    options = [name for name, rest in re.findall(r'^    \{"([a-z-]+)", (".*?)\},?$', code, re.M | re.S) if not rest.endswith("NULL")]
    return verbs, options


def check_commands():
    """Each verb of the program is in the table of commands, and each of its options with it."""
    guide = "docs/operations.md"
    rows = re.findall(r"^\| (`.*?) \| ", section_of(guide, "### Commands"), re.M)
    listed = " ".join(code.replace("\\|", "|") for row in rows for code in re.findall(r"`([^`]+)`", row))
    verbs, options = verbs_and_options()
    check("service/grammar.c", "verbs were found", True, len(verbs) >= 15)
    check(guide, "commands in the table, those of the program", [], [verb for verb in verbs if not re.search(rf"(?<!\w){verb}(?!\w)", listed)])
    check(guide, "options in the section, those of the program", [],
          [name for name in options if f"--{name}" not in section_of(guide, "### Commands")])


def check_exit_codes():
    """Set-up's, in its first lines and in the guide."""
    source = re.findall(r"^;   (\d+) +", read("installer/kmrepair.nsi"), re.M)
    table = re.findall(r"^\| (\d+) \| ", section_of("docs/operations.md", "## Unattended roll-out"), re.M)
    check("installer/kmrepair.nsi", "exit codes were found", True, len(source) >= 10)
    check("docs/operations.md", "exit codes of set-up", source, table)
    options = set(re.findall(r"/[A-Z]{2,}\b", read("installer/kmrepair.nsi").split("Exit codes")[0]))
    rows = section_of("docs/operations.md", "## Unattended roll-out")
    check("docs/operations.md", "options of set-up", sorted(options), sorted(o for o in options if f"| `{o}" in rows))


def check_kinds():
    """The records that we judge more strictly than Windows' functions, and why."""
    code = re.search(r"kind_of_value\(const.*?^/\* NULL: of no kind.*?^\}", read("tests/wine/profile.c"), re.M | re.S)
    source = set(re.findall(r'(?<=[?:=n] )"([a-z0-9-]{2,})"', code[0] if code else ""))
    check("tests/wine/profile.c", "kinds were found", True, len(source) >= 10)
    table = re.findall(r"^\| `([\w-]+)` \|", section_of("docs/reliability.md", "## Where we are stricter"), re.M)
    check("docs/reliability.md", "kinds of stricter judgement", sorted(source), sorted(table))


# ---- what is installed ----

def check_plain():
    """Each line fits 80 columns but for JSON and for a path, which is not broken, and is ASCII, for the Notepad of NT 4.0."""
    plain = types.ModuleType("plain")
    exec(compile(read("installer/plain.py"), "installer/plain.py", "exec"), plain.__dict__)  # without a file of bytecode
    check("installer/kmrepair.ini", "lines wider than 80 columns", [], [line for line in read("installer/kmrepair.ini").splitlines() if len(line) > 80])
    for name in ("README.md", "docs/operations.md", "docs/events.md"):
        text = plain.Page(ROOT / name).text() if (ROOT / name).is_file() else ""
        check(name, "lines of the text that are wider than 80 columns", [],
              [line for line in text.splitlines() if len(line) > 80 and not re.search(r"[A-Z]:\\|^[\[,]?{", line)])
        check(name, "lines of the text that are not ASCII", [], [line for line in text.splitlines() if not line.isascii()])
        check(name, "marks of Markdown in the text", [], re.findall(r"\]\([a-z]|\*\*|^#+ |<!--", text, re.M))


# ---- architecture ----

def check_modules():
    """docs/architecture.md names each module; a verb has a file of its own name."""
    text = read("docs/architecture.md")
    verbs = {*verbs_and_options()[0], "version"}
    modules = [path for folder in ("core", "service") for path in sorted((ROOT / folder).rglob("*.c"))]
    check("sources", "modules were found", True, len(modules) > 40)
    check("docs/architecture.md", "modules that it does not name", [],
          [str(path.relative_to(ROOT)) for path in modules
           if not re.search(rf"`(core/|service/|service/win/|service/verb/)?{path.stem}[`.]", text)
           and not (path.parent.name == "verb" and path.stem in verbs)])


# ---- links ----

def pages():
    return sorted(path for path in ROOT.rglob("*.md") if not NOT_OURS & set(path.relative_to(ROOT).parts))


def without_code(text):
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", lambda code: code[0] if "](" not in code[0] else "", text)


def anchors(path):
    """The names that GitHub gives to the headings of a page."""
    found = set()
    text = re.sub(r"^(```|~~~).*?^\1", "", path.read_text("utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.*?) *#*$", text, re.M):
        base = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        name, n = base, 0
        while name in found:
            n += 1
            name = f"{base}-{n}"
        found.add(name)
    return found


def check_links():
    for page in pages():
        name = str(page.relative_to(ROOT))
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text("utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            to = (page.parent / file).resolve() if file else page
            inside = to == ROOT or ROOT in to.parents
            check(name, f"link to {target}", "a file of this repository",
                  "a file of this repository" if inside and to.exists() else "nothing there")
            if anchor and to.is_file():
                check(name, f"link to {target}, heading", anchor, anchor if anchor in anchors(to) else NONE)


# ---- XML ----

def parse(name, text):
    try:
        tree = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        check(name, "XML", "well-formed", str(error))
        return None
    check(name, "XML", "well-formed", "well-formed")
    return tree


def check_query(name, query, source):
    """A QueryList that asks the application log for our events, and for no others."""
    selects = list(query.iter("Select"))
    check(name, "Select elements, their logs and queries",
          [("Application", f"*[System[Provider[@Name='{source}']]]")],
          [(select.get("Path"), squeeze(select.text or "")) for select in selects])


def check_xml():
    match = re.search(r'#define EVENTS_SOURCE L"(\w+)"', read("service/events.h"))
    source = match[1] if match else NONE
    view = parse("docs/kmrepair-view.xml", read("docs/kmrepair-view.xml"))
    if view is not None:
        check("docs/kmrepair-view.xml", "root", "ViewerConfig", view.tag)
        query = view.find("QueryConfig/QueryNode/QueryList")
        check("docs/kmrepair-view.xml", "QueryConfig/QueryNode/QueryList", True, query is not None)
        check_query("docs/kmrepair-view.xml", view, source)
    name = "docs/kmrepair-subscription.xml"
    space = "{http://schemas.microsoft.com/2006/03/windows/events/subscription}"
    subscription = parse(name, read(name))
    if subscription is not None:
        check(name, "root", space + "Subscription", subscription.tag)
        query = parse(f"{name}, its Query", (subscription.findtext(space + "Query") or "").strip())
        if query is not None:
            check_query(name, query, source)


# ---- licence ----

def check_licence():
    """Each source says its licence in its first line, a script in the one behind `#!`."""
    sources = [ROOT / "Makefile"]
    for folder in ("core", "service", "tests", "installer"):
        sources += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "corpus" not in path.parts]
    found = 0
    for path in sorted(sources):
        with open(path, "rb") as file:
            head = file.read(400).decode("utf-8", "replace").splitlines() or [""]
        script = head[0].startswith("#!")
        if path.suffix not in (".c", ".h", ".rc", ".mc", ".py", ".nsi", ".nsh") and path.name != "Makefile" and not script:
            continue
        found += 1
        line = (head[1:] or [""])[0] if script else head[0]
        if "SPDX-License-Identifier: MIT" not in line:
            check(str(path.relative_to(ROOT)), "first line", "SPDX-License-Identifier: MIT", line)
    check("sources", "a first line with the licence was looked for", True, found > 100)


def main():
    check_events()
    check_configuration()
    check_commands()
    check_exit_codes()
    check_kinds()
    check_modules()
    check_plain()
    check_links()
    check_xml()
    check_licence()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
