# SPDX-License-Identifier: MIT
"""The order in which a round measures: turned round in every second one, so that none always goes first."""


def rotated(things, number):
    return things if number % 2 == 0 else things[::-1]
