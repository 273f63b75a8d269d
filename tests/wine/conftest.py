# SPDX-License-Identifier: MIT
"""The real programs under Wine and its service control manager; ten minutes, those marked `quick` one.

Here are the fixtures: the Wine servers of the session, and the product for one test.

Two kinds of test share the session. Most run one after the other, on x86 and on
x64, each architecture with a Wine server of its own that lives as long as the
session. Scenarios that last a minute or more (test_patience.py) would double the
time; they run beside the others, in threads, each lane with its own server.
"""

import concurrent.futures
import os
import pathlib
import queue
import re
import shutil
import tempfile

import pytest

from host import SECRET, Product, Wine, check_event, runs_32_bit

ARCHITECTURES = ("x86", "x64")
FIRST = "x86" if runs_32_bit() else "x64"
LANES = 2


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: runs in `make check`, too, with one architecture; all tests run in `make check-full`")


def tools(arch):
    """The directory with the EXEs of one architecture, as the Makefile names it."""
    variable = f"KMREPAIR_{arch.upper()}"
    directory = pathlib.Path(os.environ.get(variable) or f"build/{arch}").absolute()
    for exe in ("kmrepair.exe", "probe.exe"):
        assert (directory / exe).is_file(), f"{directory / exe} is missing; {variable} names it"
    return directory


# ---- Wine ----

@pytest.fixture(scope="session")
def scratch():
    # Not pytest's tmp_path: that keeps old ones, and a prefix has 1.3 GB.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="kmrepair-wine-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def wines(scratch):
    """Makes running Wines on demand; closes them at the end. Of one name there is one: tests that take one architecture
    only need not come together with the others of it."""
    opened, made = {}, []

    def make(name, arch, kind=Wine):
        if name in opened:
            return opened[name]
        wine = kind(scratch / name, tools(arch))
        if not wine.prefix.exists():
            wine.make_prefix()
        made.append(wine)
        wine.boot()  # which skips where the kernel runs no 32-bit code: again for the next that asks
        opened[name] = wine
        return wine

    yield make
    for wine in made:
        wine.close()


@pytest.fixture(scope="session", params=ARCHITECTURES)
def arch(request):
    return request.param


@pytest.fixture(scope="session")
def wine(arch, wines):
    return wines(arch, arch)


# ---- the product ----

def assert_discreet(product):
    """No value of a record but State and the mailbox may be seen outside the record.

    What the verbs print is looked at in Wine.run.
    """
    seen = [product.log_text()]
    if product.journal.is_file():
        seen.append(product.journal.read_text("utf-8", "replace"))
    for text in seen:
        assert SECRET not in text.lower(), "a value of a record was written down"


def assert_in_order(product):
    """What holds after every test, whatever it was about."""
    assert_discreet(product)
    for event in product.events():
        check_event(event)


@pytest.fixture
def product(request, wine, arch):
    """The product with its quick configuration; it is not installed."""
    name = re.sub(r"\W+", "-", request.node.name, flags=re.ASCII).strip("-")[:60]
    product = Product(wine, tools(arch) / "kmrepair.exe", name)
    product.configure()
    yield product
    product.kill()
    assert_in_order(product)
    for folder in (product.home, product.folder.parent):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def service(product):
    """The same, as a service: installed, not started."""
    product.install()
    yield product
    product.remove()


@pytest.fixture
def faulty(product):
    """The product with the faults of fault.c, installed as a service, not started."""
    shutil.copy(product.wine.probe_exe.parent / "fault.exe", product.exe)
    product.install()
    yield product
    for switch in product.home.parent.glob(product.home.name + "-*"):
        switch.unlink()
    product.remove()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what the service reported and what the directory looks like."""
    report = (yield).get_result()
    product = getattr(item, "funcargs", {}).get("product")
    if report.failed and product and product.home.exists():
        report.sections.append(("the product", product.describe()))


# ---- scenarios that take minutes ----

# Seconds that a test of these files takes, about; of any other file one.
SECONDS = {"test_calls": 10, "test_config": 1.5, "test_failures": 2, "test_field_identity": 6, "test_field_journal": 6, "test_field_open": 4,
           "test_field_pause": 5, "test_find": 1.5, "test_hostile": 3, "test_installer": 8, "test_kill": 60, "test_pages": 4,
           "test_profile": 6, "test_protocol": 3, "test_service": 1.5, "test_setup": 6, "test_storm": 8, "test_undo": 1.5}


def unit_of(item):
    """What is done by one process: the tests of a file with one architecture; all scenarios."""
    if "scenario" in item.fixturenames:
        return "scenarios", ""
    arch = item.callspec.params.get("arch", "") if hasattr(item, "callspec") else ""
    return item.path.stem, str(arch)


# Of any other file a test is quick.
TAKE_MINUTES = {"test_kill", "test_patience", "test_field_patience"}


def is_quick(item):
    """Marked, and with the architecture that is the product's."""
    arch = item.callspec.params.get("arch", FIRST) if hasattr(item, "callspec") else FIRST
    return arch == FIRST and item.get_closest_marker("quick") is not None


def share_of(items, number, shares):
    """The tests of one of so many processes, of about the same length: the longest units are given away first."""
    lengths = {}
    for item in items:
        unit = unit_of(item)
        lengths[unit] = lengths.get(unit, 0) + SECONDS.get(unit[0], 1)
    if ("scenarios", "") in lengths:
        lengths[("scenarios", "")] = 100  # they wait, two beside each other
    load, owner = [0] * shares, {}
    for unit in sorted(lengths, key=lambda unit: (-lengths[unit], unit)):
        owner[unit] = load.index(min(load))
        load[owner[unit]] += lengths[unit]
    return [item for item in items if owner[unit_of(item)] == number]


def pytest_collection_modifyitems(config, items):
    """The quick tests, when KMREPAIR_QUICK asks for them, and a share of the tests, when KMREPAIR_SHARE (number/shares)
    asks for that. Scenarios are asked for their result last, when they had all the time."""
    if os.environ.get("KMREPAIR_QUICK"):
        quick = [item for item in items if is_quick(item)]
        missing = {item.path.stem for item in items} - {item.path.stem for item in quick} - TAKE_MINUTES
        if missing:
            raise pytest.UsageError(f"of {sorted(missing)} no test is marked quick")
        config.hook.pytest_deselected(items=[item for item in items if item not in quick])
        items[:] = quick
    share = os.environ.get("KMREPAIR_SHARE")
    if share:
        mine = share_of(items, *map(int, share.split("/")))
        config.hook.pytest_deselected(items=[item for item in items if item not in mine])
        items[:] = mine
    items.sort(key=lambda item: "scenario" in item.fixturenames)


def play(scenario, wine):
    product = Product(wine, wine.probe_exe.parent / "kmrepair.exe", scenario.__name__)
    product.configure()
    product.install()
    try:
        scenario(product)
        assert_in_order(product)
    except Exception as failure:
        raise AssertionError(f"{failure}\n{product.describe()}") from failure
    finally:
        product.remove()


@pytest.fixture(scope="session", autouse=True)
def played(request, wines):
    """Starts every selected scenario at once; name -> future."""
    selected = [item.callspec.params["scenario"] for item in request.session.items
                if "scenario" in item.fixturenames]
    free = queue.SimpleQueue()
    for lane in range(min(LANES, len(selected))):
        free.put(wines(f"lane{lane}", FIRST))

    def in_a_lane(scenario):
        wine = free.get()
        try:
            play(scenario, wine)
        finally:
            free.put(wine)

    with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
        yield {scenario.__name__: lanes.submit(in_a_lane, scenario) for scenario in selected}
