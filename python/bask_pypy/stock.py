"""Hooks that are a few lines each: what the setup file uses and no other module is about."""
import sys
from typing import Any, Callable

Application = Callable[..., Any]


def admit(application: Application, mountpoint: str) -> Application:
    """Applications are served as they are."""
    return application


def run_post_fork_hook(log_traceback: Callable[[str], None]) -> None:
    """Calls uwsgi.post_fork_hook, or each function if it is a list of them."""
    hook = sys.modules["uwsgi"].__dict__["post_fork_hook"] or ()
    for function in hook if isinstance(hook, (list, tuple)) else (hook,):
        try:
            function()
        except Exception:
            log_traceback("uwsgi.post_fork_hook raised")
