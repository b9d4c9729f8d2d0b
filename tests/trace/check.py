"""check.py PROGRAM PATH: have PROGRAM make a trace at PATH, and check with Python's own JSON parser that it is one, whole and
cut short, and that its events fit together."""
import json
import subprocess
import sys


def parse(text):
    return json.loads(text)


def check_order(events):
    latest = 0.0
    for event in events:
        if event["ph"] != "M":
            assert event["ts"] >= latest, event
            latest = event["ts"]


def check_steps(events):
    """One thread: steps do not overlap. Times are whole ns, kept as us with three decimals."""
    end = 0
    for event in events:
        if event["ph"] == "X":
            began = round(event["ts"] * 1000)
            assert began >= end and event["dur"] >= 0, event
            end = began + round(event["dur"] * 1000)
            where = event["args"]
            assert event["cat"] in ("step", "post", "wake"), event
            if event["cat"] == "step":
                assert ".c:" in where["from"] and ("waits_for" in where) != ("ended" in where), event


def check_lives(events):
    lives = {}
    for event in events:
        if event["ph"] == "b":
            assert event["id"] not in lives, event
            lives[event["id"]] = event["name"]
        elif event["ph"] == "e":
            assert event["id"] in lives, event
            lives[event["id"]] = None
    assert len(lives) >= 7, lives
    assert [name for name in lives.values() if name] == ["everything"], lives


def check_arrows(events):
    """Each arrow begins in a step and ends where the next step of the woken begins."""
    steps = [event for event in events if event["ph"] == "X"]
    began = {}
    for event in events:
        if event["ph"] == "s":
            assert event["id"] not in began, event
            began[event["id"]] = event
            assert any(step["ts"] <= event["ts"] <= step["ts"] + step["dur"] for step in steps), event
        elif event["ph"] == "f":
            start = began.pop(event["id"])
            assert start["ts"] <= event["ts"] and event["bp"] == "e", event
            assert any(step["ts"] == event["ts"] for step in steps), event
    assert not began, began
    assert any(event["ph"] == "f" for event in events)


def check(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    events = parse(text)
    assert text.count("\n{") == len(events)
    cut = text.rstrip()
    assert cut.endswith("]")
    assert parse(cut[:-1] + "]") == events
    lines = text.splitlines()
    for count in (2, len(lines) // 2, len(lines) - 2):  # a program that died
        assert len(parse("\n".join(lines[:count]).rstrip(",") + "]")) == count - 1
    assert {event["ph"] for event in events} == set("XbesfCM")
    assert {event["name"] for event in events if event["ph"] == "M"} == {"process_name", "thread_name"}
    assert {event["name"] for event in events if event["ph"] == "C"} == {"ready", "waiting", "timers", "descriptors"}
    names = {event["name"] for event in events if event["ph"] == "X"}
    assert {"everything", "producer", "consumer", "echo", "client", "fails", "post"} <= names, names
    assert '"second" \\ caf\u00e9 \ufffd\n' in names, names
    hog = [event for event in events if event["ph"] == "X" and event["dur"] >= 4000]
    assert any(event["args"].get("from", "").startswith("hog at ") for event in hog), hog
    for test in (check_order, check_steps, check_lives, check_arrows):
        test(events)
    return len(events)


def main():
    program, path = sys.argv[1:]
    subprocess.run([program, path], check=True, timeout=30)
    print(f"{check(path)} events")
    full = subprocess.run([program, "/dev/full"], stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert full.returncode == 1 and "No space left" in full.stderr, full


main()
