"""A real nginx in front of the server, in the test's folder."""
import shutil
import subprocess
from pathlib import Path
from typing import Dict

from support import ports
from support.client import Address, Connection
from support.wait import wait_until

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_max_body_size 64m;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    scgi_temp_path {folder}/nginx-scgi;
    large_client_header_buffers 4 32k;
    uwsgi_buffer_size 64k;
    uwsgi_buffers 8 64k;
    uwsgi_busy_buffers_size 128k;
    fastcgi_buffer_size 64k;
    fastcgi_buffers 8 64k;
    fastcgi_busy_buffers_size 128k;
    scgi_buffer_size 64k;
    scgi_buffers 8 64k;
    scgi_busy_buffers_size 128k;
    proxy_buffer_size 64k;
    proxy_buffers 8 64k;
    proxy_busy_buffers_size 128k;
    upstream kept {{ server {upstream}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ {location} }}
    }}
}}
"""

UWSGI_PASS = "include /etc/nginx/uwsgi_params; uwsgi_pass {upstream};"
FASTCGI_PASS = "include /etc/nginx/fastcgi_params; fastcgi_pass {upstream};"
FASTCGI_KEPT = ("include /etc/nginx/fastcgi_params; fastcgi_keep_conn on; fastcgi_pass kept;")
SCGI_PASS = "include /etc/nginx/scgi_params; scgi_pass {upstream};"
UNBUFFERED = ("uwsgi_request_buffering off; fastcgi_request_buffering off;"
              " scgi_request_buffering off; proxy_request_buffering off; proxy_http_version 1.1; ")
PROXY_PASS = "proxy_pass http://{upstream};"
PROXY_KEPT = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://kept;"


class Nginx:
    """nginx with one location, which passes everything to `upstream`."""

    def __init__(self, folder: Path, port: int, location: str, upstream: str,
                 env: Dict[str, str]) -> None:
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
        assert program, "nginx is not installed; on Debian: apt-get install nginx"
        self.address: Address = ("127.0.0.1", port)
        self.log_path = folder / "nginx.log"
        configuration = folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            folder=folder, port=port, upstream=upstream,
            location=location.format(upstream=upstream)))
        self.process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(configuration)], env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self.process.poll() is not None or not ports.is_free(port), "nginx")
        assert self.process.poll() is None, self.log_path.read_text()

    def connect(self) -> Connection:
        return Connection(self.address)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
