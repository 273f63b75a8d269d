# SPDX-License-Identifier: MIT
"""Folders of made-up records for the bench, written from Linux, the same ones each time."""

import random
import shutil

ONE_IN = 1000  # is stuck
LINE = 64      # bytes of key material in a line of the history


def blob(rng, length):
    return rng.randbytes(length // 2).hex()


def content(rng, number, stuck):
    """One record of 1 to 4 KB.

    Of the others nine in ten have their NumSCerts, a few of them with State 4; the rest are users who
    have not enrolled yet.
    """
    enrolled = rng.random() < 0.9
    state = 4 if stuck else rng.choice((2, 2, 2, 3, 4)) if enrolled else 1
    lines = ["[Client]", f"UserPassword={blob(rng, 32)}",
             f"MailboxDN = /o=Fabrikam/ou=Site-One/cn=Recipients/cn=Mailbox{number}"]
    size = rng.randrange(1024, 4096) - 280
    lines += [f"Key{i}={blob(rng, LINE)}" for i in range(size // 2 // (LINE + 7))]
    lines += ["[Status]", f"State = {state}"]
    lines += [f"NumSCerts={rng.randrange(1, 4)}"] if enrolled and not stuck else []
    lines += [f"SigningKey={blob(rng, size // 2)}", f"Token={blob(rng, 40)}", ""]
    return "\r\n".join(lines).encode("ascii")


def stuck_names(count):
    return {name(i) for i in range(count) if is_stuck(i)}


def is_stuck(number):
    return number % ONE_IN == 0


def name(number):
    return f"Mx{number * 7919 % 1000003:06d}.ini"


def make(folder, count):
    """Fills the folder, unless it has been filled before."""
    done = folder.with_suffix(".done")
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rng = random.Random(count)
    for number in range(count):
        (folder / name(number)).write_bytes(content(rng, number, is_stuck(number)))
    done.touch()
