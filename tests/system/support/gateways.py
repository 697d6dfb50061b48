"""A real Apache or HAProxy in front of the server, in the test's folder."""
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Dict, List

from support import ports
from support.client import Address, Connection
from support.wait import wait_until

APACHE = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
ErrorLog {folder}/gateway.log
DefaultRuntimeDir {folder}
{modules}
Listen 127.0.0.1:{port}
LimitRequestFieldSize 32768
ProxyPreserveHost On
{location}
"""
MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "proxy_uwsgi", "proxy_fcgi",
           "proxy_scgi", "env", "setenvif")

HAPROXY = """
global
    maxconn 200
    tune.bufsize 65536
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind 127.0.0.1:{port}
    default_backend back
{location}
"""


class Gateway(ABC):
    """A program that passes everything on; `location` says where and how."""

    def __init__(self, folder: Path, port: int, location: str, env: Dict[str, str]) -> None:
        self.address: Address = ("127.0.0.1", port)
        self.log_path = folder / "gateway.log"
        configuration = folder / "gateway.conf"
        configuration.write_text(self.configuration(folder, port, location))
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(configuration), env=env, cwd=str(folder), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or not ports.is_free(port), "gateway")
        assert self.process.poll() is None, self.log_path.read_text()

    @abstractmethod
    def configuration(self, folder: Path, port: int, location: str) -> str:
        """What its file says."""

    @abstractmethod
    def command(self, configuration: Path) -> List[str]:
        """What starts it in the foreground."""

    def connect(self) -> Connection:
        return Connection(self.address)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def _find(name: str, package: str) -> str:
    program = shutil.which(name, path="/usr/sbin:/usr/bin")
    assert program, "%s is not installed; on Debian: apt-get install %s" % (name, package)
    return program


class Apache(Gateway):
    def configuration(self, folder: Path, port: int, location: str) -> str:
        modules = "\n".join("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so" % (name, name)
                            for name in MODULES)
        return APACHE.format(folder=folder, port=port, modules=modules, location=location)

    def command(self, configuration: Path) -> List[str]:
        return [_find("apache2", "apache2-bin"), "-D", "FOREGROUND", "-f", str(configuration)]


class HAProxy(Gateway):
    def configuration(self, folder: Path, port: int, location: str) -> str:
        return HAPROXY.format(port=port, location=location)

    def command(self, configuration: Path) -> List[str]:
        return [_find("haproxy", "haproxy"), "-db", "-f", str(configuration)]
