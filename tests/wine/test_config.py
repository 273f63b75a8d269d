# SPDX-License-Identifier: MIT
"""kmrepair.ini: what is refused, with file, line and reason, and that nothing runs on it."""

import re

import pytest

from host import PARAMCHANGE, RUNNING, SERVICE, STOPPED, wait_until

# Each is added to, or replaces a line of, a good file: (line it is found in, lines).
FOLDER = r"Folder = {folder}"
BAD = {
    "unknown section": (3, ["[service]", FOLDER, "[extra]", "Speed = 1"]),
    "unknown key": (3, ["[service]", FOLDER, "Fodler = C:\\x"]),
    "key of another section": (3, ["[service]", FOLDER, "SettleSeconds = 1"]),
    "key before any section": (1, ["Repair = no", "[service]", FOLDER]),
    "duplicate": (4, ["[service]", "Repair = yes", FOLDER, "repair = no"]),
    "too large": (4, ["[service]", FOLDER, "[timing]", "SettleSeconds = 99999999"]),
    "far too large": (4, ["[service]", FOLDER, "[timing]", "SettleSeconds = 4294967297"]),
    "negative": (4, ["[service]", FOLDER, "[timing]", "RescanMinutes = -1"]),
    "zero repairs": (4, ["[service]", FOLDER, "[limits]", "RepairsPerHour = 0"]),
    "not a number": (4, ["[service]", FOLDER, "[timing]", "SettleSeconds = soon"]),
    "number and more": (4, ["[service]", FOLDER, "[timing]", "SettleSeconds = 5s"]),
    "empty number": (4, ["[service]", FOLDER, "[limits]", "RepairsPerHour ="]),
    "repair not yes or no": (2, ["[service]", "Repair = maybe", FOLDER]),
    "relative folder": (2, ["[service]", "Folder = Mgrent\\Clients"]),
    "empty folder": (2, ["[service]", "Folder ="]),
    "line too long": (3, ["[service]", FOLDER, "; " + "x" * 5000]),
    "line that is nothing": (3, ["[service]", FOLDER, "repair it all"]),
    "NUL": (3, ["[service]", FOLDER, "; \0"]),
}


def write_bad(product, kind):
    line, lines = BAD[kind]
    folder = product.wine.windows_path(product.folder)
    product.configure_text("\r\n".join(lines).replace("{folder}", folder) + "\r\n")
    return line


@pytest.mark.parametrize("kind", BAD)
def test_refused_on_the_console(product, kind):
    line = write_bad(product, kind)
    product.put("stuck.ini")
    result = product.run("repair")
    assert result.rc == 2 and not result.out, result
    message = result.err.strip()
    assert "kmrepair.ini" in message and re.search(rf"\b{line}\b", message), message
    assert "\n" not in message, "one message, one line"
    assert not product.repaired("stuck.ini")


@pytest.mark.parametrize("kind", ["unknown key", "relative folder"])
def test_service_does_not_start(service, kind):
    line = write_bad(service, kind)
    service.put("stuck.ini")
    service.wine.probe("start", SERVICE)
    event = service.await_event(4001)
    assert event.strings[0].endswith("kmrepair.ini") and event.strings[1] == f"line {line}: "
    assert len(event.strings[2]) > 10
    status = wait_until(lambda: (q := service.query())["state"] == STOPPED and q, "stopped")
    assert status["win32_exit"] == 1066 and status["specific_exit"] != 0
    assert not service.events(1000) and not service.repaired("stuck.ini")


def test_start_verb_tells(service):
    write_bad(service, "unknown key")
    result = service.run("start")
    assert result.rc == 2 and result.err.strip(), result


@pytest.mark.quick
def test_running_service_keeps_its_settings(service):
    service.start()
    write_bad(service, "duplicate")
    service.controlled(PARAMCHANGE)
    assert service.await_event(4001).strings[1] == "line 4: "
    service.put("stuck.ini")
    service.await_repaired("stuck.ini")
    assert service.query()["state"] == RUNNING


def test_missing_file_of_the_service(service):
    service.config.unlink()
    service.wine.probe("start", SERVICE)
    event = service.await_event(4001)
    assert event.strings[0].endswith("kmrepair.ini")
    wait_until(lambda: service.query()["state"] == STOPPED, "stopped")


GOOD = {
    "UTF-8 mark": "\ufeff[service]\r\n" + FOLDER + "\r\n",
    "LF and blanks": "\n\n[service]\n  " + FOLDER + "  \n\n; end",
    "quoted folder": '[service]\r\nFolder = "{folder}"\r\n',
    "other case": "[SERVICE]\r\nfolder = {folder}\r\nREPAIR = YES\r\n",
    "limits": "[service]\r\n" + FOLDER + "\r\n[timing]\r\nSettleSeconds = 0\r\nRescanMinutes = 0\r\n",
}


@pytest.mark.parametrize("kind", GOOD)
def test_accepted(product, kind):
    folder = product.wine.windows_path(product.folder)
    product.configure_text(GOOD[kind].replace("{folder}", folder))
    product.put("stuck.ini")
    assert product.run("scan").rc == 1


def test_folder_with_non_ascii_name(product):
    product.folder = product.folder.parent / "Cli\u00ebnts \u65e5\u672c"
    product.folder.mkdir()
    product.configure()
    product.put("stuck.ini")
    [event] = [e for e in product.ok("repair").events if e.id == 2000]
    assert event.strings[1] == product.wine.windows_path(product.folder)
    assert product.repaired("stuck.ini")


# ---- what is no file ----

IN_PLACE = {"folder": "it is a folder, not a file", "device": "it is a pipe or a device, not a file on a disk"}


def put_in_place(path, kind):
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", IN_PLACE)
def test_configuration_is_no_file(product, kind):
    """Without end, or with nothing to read; it is not asked for a byte."""
    put_in_place(product.config, kind)
    product.put("stuck.ini")
    # Wine opens a device and lists none: to what asks first whether the file is there, there is none.
    for verb in ("check", "repair") if kind == "device" else ("check", "repair", "scan", "install"):
        result = product.run(verb)
        assert result.rc == 2 and f"kmrepair.ini: {IN_PLACE[kind]}" in result.err, result
    assert not product.repaired("stuck.ini") and not product.journal.exists()


@pytest.mark.parametrize("kind", IN_PLACE)
def test_journal_is_no_file(product, kind):
    put_in_place(product.journal, kind)
    product.put("stuck.ini")
    reason = "a " + ("folder" if kind == "folder" else "pipe or a device") + " is in the place of the journal kmrepair.jnl"
    for verb in ("repair", "history"):
        result = product.run(verb)
        assert result.rc == 2 and reason in result.err, result
    assert not product.repaired("stuck.ini")
