"""Hooks that are a few lines each: what the setup file uses and no other module is about."""
import sys
from typing import Any, Callable, List

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


def run_signal_handler(handler: Callable[[int], Any], number: int) -> None:
    """Handlers get the number of their signal."""
    handler(number)


def run_function(function: Callable[..., Any], name: bytes, arguments: List[bytes]) -> Any:
    """Functions of RPC get the arguments as they came."""
    return function(*arguments)
