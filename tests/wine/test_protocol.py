# SPDX-License-Identifier: MIT
"""What the service tells the service control manager, and how it takes what it is told.

On a recorded one (fake_scm.c), which can send any control at any moment; and on the real one of Wine,
beside a service that does nothing (empty.c), since much of each time is Wine's.
"""

import os
import re
import signal
import time
from dataclasses import dataclass

import pytest

from host import (CONTINUE, CONTINUE_PENDING, EMPTY_SERVICE, INTERROGATE, LONG, PARAMCHANGE, PAUSE,
                  PAUSED, PAUSE_PENDING, RUNNING, SERVICE, START_PENDING, STOP, STOPPED, STOP_PENDING,
                  one_architecture, record, wait_until)

SHUTDOWN = 5
UNKNOWN = 200
ACCEPT_STOP, ACCEPT_SHUTDOWN = 1, 4
PENDING = (START_PENDING, STOP_PENDING, CONTINUE_PENDING, PAUSE_PENDING)
SPECIFIC_ERROR, INVALID_CONTROL, CANNOT_ACCEPT, NOT_ACTIVE = 1066, 1052, 1061, 1062
CYCLES = 1000 if LONG else 20

# The same sources and the same calls on both: once is enough. test_service.py looks at both.
pytestmark = one_architecture


# ---- the recorded service control manager ----

@dataclass
class Status:
    state: int
    accepted: int
    checkpoint: int
    hint: int
    win32: int
    specific: int


@dataclass
class Recording:
    """What happened, in order: Status, or ("control", N), ("answered", N), ("event", N), ("returned", N)."""
    happened: list
    err: str

    def statuses(self):
        return [h for h in self.happened if isinstance(h, Status)]

    def states(self):
        """Without those that only repeat the one before."""
        states = [s.state for s in self.statuses()]
        return [b for a, b in zip([None, *states], states) if a != b]

    def answers(self, control):
        """The statuses set between each of these controls and its answer."""
        found, inside = [], None
        for what in self.happened:
            if what == ("control", control):
                inside = []
            elif what == ("answered", control):
                found.append(inside)
                inside = None
            elif inside is not None and isinstance(what, Status):
                inside.append(what)
        return found

    def returned(self):
        return [n for what, n in (h for h in self.happened if isinstance(h, tuple)) if what == "returned"]


def parse_recordings(result):
    """One for each life."""
    assert result.rc == 0, result
    recordings, happened = [], []
    for line in result.out.splitlines():
        word, *numbers = line.split()
        assert word in ("status", "control", "answered", "event", "returned"), line
        happened.append(Status(*map(int, numbers)) if word == "status" else (word, int(numbers[0])))
        if word == "returned":
            recordings.append(Recording(happened, result.err))
            happened = []
    assert not happened
    return recordings


def assert_protocol(recording):
    """What holds whatever is sent and whenever."""
    statuses = recording.statuses()
    assert statuses[0].state == START_PENDING
    for status in statuses:
        pending = status.state in PENDING
        assert status.state in (*PENDING, RUNNING, PAUSED, STOPPED), status
        if status.state in (PAUSE_PENDING, CONTINUE_PENDING):
            assert status.accepted == ACCEPT_STOP | ACCEPT_SHUTDOWN, status
        else:
            assert bool(status.accepted) == (status.state in (RUNNING, PAUSED)), status
        assert (status.checkpoint > 0) == pending and (status.hint > 0) == pending, status
        assert status.state == STOPPED or (status.win32, status.specific) == (0, 0), status
    for before, after in zip(statuses, statuses[1:]):
        if before.state == after.state:
            assert after.checkpoint >= before.checkpoint, (before, after)
    states = [s.state for s in statuses]
    assert states.count(STOPPED) == 1 and states[-1] == STOPPED, "STOPPED once and last"
    if STOP_PENDING in states:
        assert set(states[states.index(STOP_PENDING):-1]) == {STOP_PENDING}, "no way back from stopping"
    sent = [h for h in recording.happened if isinstance(h, tuple) and h[0] in ("control", "answered")]
    assert all(a[1] == b[1] for a, b in zip(sent[::2], sent[1::2])), "a control was not answered"
    assert len(recording.returned()) == 1


def fake(product, *lives):
    """The recording of each life; a life is a list of steps."""
    exe = product.wine.probe_exe.parent / "fake_scm.exe"
    config = product.wine.windows_path(product.config)
    words = [word for life in lives for word in ["next", *life]][1:]
    recordings = parse_recordings(product.wine.run(exe, config, *words))
    assert len(recordings) == len(lives)
    return recordings


def play(product, *lives):
    recordings = fake(product, *lives)
    for recording in recordings:
        assert_protocol(recording)
        assert recording.returned() == [0]
    return recordings


# Moments, as the events that are reported then.
STARTING, STARTED, SCANNED, PAUSING, CONTINUING, STOPPING = 4000, 1000, 3020, 1002, 1003, 1001


LIFE = [START_PENDING, RUNNING, PAUSE_PENDING, PAUSED, CONTINUE_PENDING, RUNNING, STOP_PENDING, STOPPED]
AFTER_PAUSED = f"s{PAUSED}"


def life_with(moment=None, *controls):
    """The steps of a life that goes through every state, with these controls at one moment of it.

    It is paused when it has scanned, continued when it is paused, and stopped when it has scanned again.
    """
    life = [(STARTING, []), (STARTED, []), (SCANNED, [PAUSE]), (PAUSING, []), (AFTER_PAUSED, [CONTINUE]),
            (CONTINUING, []), (SCANNED, [STOP]), (STOPPING, []), ("returned", [])]
    for at, sent in life:
        if at == moment:
            sent[:0] = controls
            break
    return [f"{at}:{','.join(map(str, sent))}" for at, sent in life if sent]


@pytest.mark.quick
def test_a_whole_life(product):
    whole, shut_down = play(product, life_with(), [f"{SCANNED}:{SHUTDOWN}"])
    assert whole.states() == LIFE
    assert shut_down.states() == [START_PENDING, RUNNING, STOP_PENDING, STOPPED]
    assert all((r.statuses()[-1].win32, r.statuses()[-1].specific) == (0, 0) for r in (whole, shut_down))


IN = {STARTING: START_PENDING, STARTED: RUNNING, SCANNED: RUNNING, PAUSING: PAUSE_PENDING, AFTER_PAUSED: PAUSED,
      CONTINUING: CONTINUE_PENDING, STOPPING: STOP_PENDING}


@pytest.mark.parametrize("control", [INTERROGATE, UNKNOWN])
def test_interrogate_is_answered_in_every_state(product, control):
    """At once, with the state as it is; and so is a control that nobody knows."""
    recordings = play(product, *[life_with(moment, control) for moment in IN])
    for moment, recording in zip(IN, recordings):
        assert recording.states() == LIFE, moment
        [answer] = recording.answers(control)
        assert [status.state for status in answer] == [IN[moment]], moment


@pytest.mark.parametrize("control", [STOP, SHUTDOWN])
def test_stop_in_every_state(product, control):
    """Twice, and with everything else sent after it: there is no way back."""
    recordings = play(product, *[life_with(moment, control, STOP, PAUSE, CONTINUE, PARAMCHANGE, INTERROGATE)
                                 for moment in IN])
    for moment, recording in zip(IN, recordings):
        assert recording.states()[-2:] == [STOP_PENDING, STOPPED], moment
        assert recording.statuses()[-1].win32 == 0, moment
        # In the last state the life's own stop has been before it.
        answer = recording.answers(control)[moment == STOPPING and control == STOP]
        assert [s.state for s in answer] == ([] if moment == STOPPING else [STOP_PENDING]), moment


CONTROLS = [INTERROGATE, STOP, SHUTDOWN, PAUSE, CONTINUE, PARAMCHANGE, UNKNOWN]


def test_controls_before_the_first_status(product):
    """There is none to repeat. What was asked for is done after the start."""
    end = {STOP: [], SHUTDOWN: [], PAUSE: [f"s{PAUSED}:{STOP}"]}
    recordings = play(product, *[[f"registered:{control}", *end.get(control, [f"{SCANNED}:{STOP}"])]
                                 for control in CONTROLS])
    for control, recording in zip(CONTROLS, recordings):
        assert recording.answers(control)[0] == [], control


def test_controls_after_the_last_status(product):
    """STOPPED is said once."""
    recordings = play(product, *[life_with("returned", control) for control in CONTROLS])
    for control, recording in zip(CONTROLS, recordings):
        assert recording.answers(control)[-1] == [], control


@pytest.mark.parametrize("sent", [[PAUSE, CONTINUE], [CONTINUE], [CONTINUE, PAUSE, CONTINUE], [PARAMCHANGE]], ids=str)
def test_pause_and_continue_at_any_time(product, sent):
    """However they come, the last word is followed, and the life goes on to its end: to a scan, and the stop."""
    moments = [STARTING, STARTED, SCANNED, PAUSING, AFTER_PAUSED, CONTINUING]
    for moment, recording in zip(moments, play(product, *[life_with(moment, *sent) for moment in moments])):
        # The last CONTINUE may come when it has been continued already, and the stop right after it.
        assert recording.states()[-2:] == [STOP_PENDING, STOPPED], moment
        assert recording.states()[-3] in (RUNNING, CONTINUE_PENDING), moment


def test_refused_configuration(product):
    """A failure is told, also when a stop came first."""
    product.configure_text("[service]\r\nRepare = no\r\n")
    plain, stopped = play(product, [], [f"4001:{STOP}"])
    assert plain.states() == [START_PENDING, STOPPED]
    assert stopped.states() == [START_PENDING, STOP_PENDING, STOPPED]
    for recording in (plain, stopped):
        last = recording.statuses()[-1]
        assert (last.win32, last.specific) == (SPECIFIC_ERROR, 1)
        assert [what[1] for what in recording.happened if isinstance(what, tuple) and what[0] == "event"] == [4001, 1004]


@pytest.mark.parametrize("kind, said", [("dispatcher", "--console"), ("dispatcher5", "error 5")])
def test_dispatcher_fails(product, kind, said):
    [recording] = fake(product, ["fail=" + kind])
    assert recording.returned() == [2] and not recording.statuses()
    assert said in recording.err and recording.err.count("\n") == 1


def test_registration_fails(product):
    """Nobody can be told but the event log."""
    [recording] = fake(product, ["fail=register"])
    assert recording.happened == [("event", 1004), ("returned", 0)]


@pytest.mark.quick
def test_status_is_not_taken(product):
    """It works and ends all the same."""
    product.put("stuck.ini")
    [recording] = play(product, ["fail=status", f"{SCANNED}:{STOP}"])
    assert recording.states()[-1] == STOPPED and product.repaired("stuck.ini")


def put_largest(product):
    """The room for one record is in use from the first life on: otherwise the journal, which is read into it and
    gets a line in each life, would look like growth (until it is rotated at 1 MB)."""
    small = record(state="1")
    product.put("largest.ini", small + b";" * ((1 << 20) - len(small)))


def costs(text):
    """[(handles, bytes)] of each tenth."""
    found = re.findall(r"^cycles \d+ handles (\d+) bytes (\d+)", text, re.M)
    assert len(found) == 10, text
    return [(int(handles), int(size)) for handles, size in found]


def assert_flat(tenths):
    """The first lives may still touch pages for the first time; from the middle on nothing is added."""
    handles, sizes = zip(*tenths)
    assert len(set(handles)) == 1, tenths
    assert max(sizes[5:]) - min(sizes[4:]) < 64 * 1024, tenths


def test_lives_in_one_process_leave_nothing_behind(product):
    """A process has one life; a thousand in one show what a life does not give back."""
    put_largest(product)
    product.put("doubtful.ini", record(state="04"))
    product.put("read-only.ini")
    product.wine.probe("setattr", product.windows("read-only.ini"), 1)
    exe = product.wine.probe_exe.parent / "fake_scm.exe"
    result = product.wine.run(exe, product.wine.windows_path(product.config), "cycles", CYCLES, *life_with(),
                              timeout=600)
    print(result.out)
    assert_flat(costs(result.out))


# ---- the real one ----

@pytest.fixture
def empty(product):
    """A service that does nothing."""
    exe = product.wine.probe_exe.parent / "empty.exe"
    result = product.wine.run(exe, "install")
    assert result.rc == 0, result
    yield EMPTY_SERVICE
    product.wine.probe("control", EMPTY_SERVICE, STOP)
    assert product.wine.run(exe, "remove").rc == 0


def test_controls_while_starting(service):
    """The real one sends nothing to a service that accepts nothing."""
    service.put("stuck.ini")
    with service.wine.hold("starts", SERVICE, ms="") as starter:
        starter.process.stdin.write(b"\n")
        starter.process.stdin.flush()
        [pid] = wait_until(lambda: service.wine.unix_pids(service.exe.name), "the process is there", poll=0.001)
        os.kill(pid, signal.SIGSTOP)
        state = service.query()["state"]
        answers = service.wine.probe("controls", SERVICE, STOP, PAUSE, INTERROGATE).pairs()
        os.kill(pid, signal.SIGCONT)
    assert state == START_PENDING and set(answers.values()) <= {INVALID_CONTROL, CANNOT_ACCEPT}, (state, answers)
    wait_until(lambda: service.query()["state"] == RUNNING, "it runs")
    service.await_repaired("stuck.ini")


def test_stop_twice(service):
    service.start()
    answers = service.wine.probe("controls", SERVICE, STOP, STOP, PAUSE, CONTINUE, INTERROGATE).out.splitlines()
    assert answers[0] == f"{STOP}=0"
    assert {int(a.split("=")[1]) for a in answers[1:]} <= {0, INVALID_CONTROL, CANNOT_ACCEPT, NOT_ACTIVE}, answers
    wait_until(lambda: service.query()["state"] == STOPPED, "it has stopped")
    assert service.query()["win32_exit"] == 0
    assert len(service.events(1001)) == 1


def test_stops_in_the_first_scan_of_50000_records(service, empty):
    """At its beginning and in the middle, within 200 ms more than the empty service takes. The least of three counts:
    what makes one take longer on a busy machine is not ours, what makes each take longer is."""
    content = record(state="1")[:200]
    for number in range(50000):
        (service.folder / f"Mx{number:06}.ini").write_bytes(content)
    service.put("Mzlast.ini")
    ours, theirs = [], []
    for wait in (0, 0.2, 0.5):
        assert service.wine.probe("start", empty, RUNNING).rc == 0
        theirs.append(service.wine.probe("control", empty, STOP, STOPPED).pairs()["elapsed_ms"])
        service.start()
        time.sleep(wait)
        ours.append(service.stop()["elapsed_ms"])
    print(f"stopped in the first scan of 50,000 records after {ours} ms, the empty service after {theirs} ms")
    assert not service.events(3020) and not service.events(2000), "it was in the scan"
    assert min(ours) < min(theirs) + 200
    assert [e.strings for e in service.events(1001)] == [["0"]] * 3


def test_cycles_of_start_and_stop(service, empty):
    """Each process holds what the first one held."""
    put_largest(service)
    ours = service.wine.probe("cycles", SERVICE, CYCLES, timeout=900)
    theirs = service.wine.probe("cycles", empty, max(10, CYCLES // 10), timeout=900)
    assert ours.rc == 0 and theirs.rc == 0, (ours, theirs)
    print(f"KMRepair\n{ours.out}the empty service\n{theirs.out}")
    assert_flat(costs(ours.out))
    assert len(service.events(1000)) == len(service.events(1001)) == CYCLES
