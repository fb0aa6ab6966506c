"""Runs, live and stored: the fold of their events, the folder they live in, and the hand-over between threads."""

from explorer.runs.mailbox import Mailbox
from explorer.runs.record import RunRecord
from explorer.runs.store import RunStore, in_use, list_runs, new_folder, open_run, runs_folder

__all__ = ["Mailbox", "RunRecord", "RunStore", "in_use", "list_runs", "new_folder", "open_run", "runs_folder"]
