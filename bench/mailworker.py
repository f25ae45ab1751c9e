"""Background workers for `mail-kill`: forked from one warm process, since a cold start takes a second.

Run as `python -m bench.mailworker`; for each line on stdin a worker starts, its process id is
printed, and an empty line once it has ended.
"""

import os
import sys
import time
from typing import Final

from portal import create_app
from portal.jobs.worker import work_once
from portal.worker import mail_handlers

_IDLE: Final = 0.01


def main() -> None:
    """Fork a worker for each line."""
    app = create_app()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(nowhere, 1)  # what it logs is not for whoever reads the ids
            while True:
                if not work_once(app, mail_handlers()):
                    time.sleep(_IDLE)
        print(child, flush=True)
        os.waitpid(child, 0)
        print(flush=True)


if __name__ == "__main__":
    main()
