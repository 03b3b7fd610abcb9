"""How Dagster ends a run: in Kubernetes by a signal; without, by a thread of the run's process, which sends itself the signal [KU13, DG59]."""

import threading

TERMINATION_THREAD = "termination-handler"
"""Dagster's name for the thread that waits for the UI's Terminate."""


def ended_by_a_thread() -> bool:
    """Whether this process is ended by a thread of its own; ConnectorX, which stops all threads of Python while it waits, would stop that one too."""
    return any(thread.name == TERMINATION_THREAD for thread in threading.enumerate())
