# SPDX-License-Identifier: BSD-2-Clause
"""How long something may take, on machines that may stand still meanwhile: a
virtual machine that is paused, or a laptop asleep, must not turn every waiting
run into a failed one. Time that passes between two looks counts as a second at
most.
"""
import time

STEP_MAX = 1.0


class Patience:
    def __init__(self, seconds):
        self.left, self.looked = seconds, time.monotonic()

    def over(self):
        """Call it at least once a second while waiting."""
        now = time.monotonic()
        self.left -= min(now - self.looked, STEP_MAX)
        self.looked = now
        return self.left <= 0


def wait_for_end(process, seconds):
    """The status of the ended process, None when it took longer."""
    patience = Patience(seconds)
    while process.poll() is None:
        if patience.over():
            return None
        time.sleep(0.05)
    return process.returncode
