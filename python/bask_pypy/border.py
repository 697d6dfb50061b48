"""The calls of the C half, handed to the process. With the modules host*.py all that touches cffi."""
from typing import Any

from _bask import ffi  # type: ignore[import-not-found]

from bask_pypy.hooks import hooks
from bask_pypy.host import Host
from bask_pypy.host_aides import Aides
from bask_pypy.host_services import Services
from bask_pypy.process import Process

process = Process(Host(), hooks, Services(), Aides())


@ffi.def_extern(error=-1)
def bask_py_check() -> int:
    return process.check()


@ffi.def_extern(error=-1)
def bask_py_load() -> int:
    return process.load()


@ffi.def_extern()
def bask_py_post_fork() -> None:
    process.post_fork()


@ffi.def_extern(error=-1)
def bask_py_stage(stage: int) -> int:
    return process.stage(stage)


@ffi.def_extern(error=1)
def bask_py_run(thread: Any) -> int:
    return process.run(thread)


@ffi.def_extern(error=-2)
def bask_py_call(number: int, name: Any, arguments: Any, count: int, result: Any) -> int:
    return process.rpc.called(number, name, arguments, count, result)


@ffi.def_extern()
def bask_py_log_threads() -> None:
    process.log_threads()


@ffi.def_extern()
def bask_py_fini() -> None:
    process.fini()


@ffi.def_extern(error=1)
def bask_py_aide() -> int:
    return process.run_aide()


process.set_up()
