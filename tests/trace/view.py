"""view.py PROGRAM DIRECTORY CHROMIUM: have PROGRAM make a trace, open it in speedscope, which stands unpacked in
DIRECTORY/package, in a headless browser, and look at what is shown. Leaves DIRECTORY/trace.png."""
import functools
import html
import http.server
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --hide-scrollbars --window-size=1400,700""".split()

# Opens the viewer in a frame, turns to its table of names by the key that it has for that, and tells what it then shows.
LOOK = """<!doctype html><body><iframe src="/release/index.html#profileURL=/%s" style="width:1300px;height:600px"></iframe>
<pre id="seen"></pre><script>
const frame = document.querySelector("iframe"), seen = document.querySelector("#seen");
let turned = false;
setInterval(() => {
    const shown = frame.contentDocument.body.innerText;
    if (!turned && shown.includes("Sandwich")) {
        turned = true;
        frame.contentWindow.dispatchEvent(new KeyboardEvent("keypress", {key: "3"}));
    }
    seen.textContent = shown;
}, 100);
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        found = re.fullmatch(r"/look/(\w+\.json)", self.path)
        if not found:
            super().do_GET()
            return
        page = (LOOK % found.group(1)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


def browse(chromium, *arguments):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=20000", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=100, check=True).stdout


def shown(chromium, address, name):
    page = browse(chromium, "--dump-dom", f"{address}/look/{name}").decode()
    return html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', page, re.S).group(1))


def colours(path):
    """How many different colours a PNG has: 8 bits a channel, not interlaced, and never mind the filters' exact values."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, size = 8, b"", 4
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            size = {2: 3, 6: 4}[data[at + 17]]
        body += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw = zlib.decompress(body)
    return len({raw[i:i + size] for i in range(0, len(raw) - size, size)})


def main():
    program, directory, chromium = sys.argv[1:]
    os.chdir(os.path.join(directory, "package", "dist"))
    subprocess.run([program, "whole.json"], check=True, timeout=30)
    with open("whole.json", encoding="utf-8") as file:
        text = file.read()
    with open("cut.json", "w", encoding="utf-8") as file:  # as a program that died leaves it
        file.write("\n".join(text.splitlines()[:-20]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory="."))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("whole.json", "cut.json"):
        seen = shown(chromium, address, name)
        for task in ("everything", "producer", "consumer", "echo", "client", "fails", "post", '"second" \\ caf\u00e9'):
            assert task in seen, f"{name}: no {task} in:\n{seen}"
        times = re.findall(r"^(\S+) \([<.\d]+%\)\n\s*(\S+) \(", seen, re.M)
        assert len(times) > 10 and all(total == alone for total, alone in times), f"steps inside steps:\n{seen}"
        print(f"{name}: shown")
    picture = os.path.join(directory, "trace.png")
    browse(chromium, f"--screenshot={picture}", f"{address}/release/index.html#profileURL=/whole.json")
    assert colours(picture) > 50, "the picture is empty"
    print(picture)


main()
