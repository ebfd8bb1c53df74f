"""Lists who waits, answers the first of them, and watches the clock of it settle.

HOST=http://127.0.0.1:8080 KEY=wl_… python answer.py "抱歉让您久等了，已经为您补发。"
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

HOST, KEY = os.environ["HOST"], os.environ["KEY"]


def call(path, body=None, **headers):
    """The answer and its ETag; tried again where that may help."""
    headers |= {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    if body is not None:  # One key for all tries: a reply that did arrive counts once.
        headers["Idempotency-Key"] = str(uuid.uuid4())
    data = None if body is None else json.dumps(body).encode()
    for tries in range(5):
        try:
            request = urllib.request.Request(HOST + path, data, headers)
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer), answer.headers["ETag"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code not in (429, 503):
                sys.exit(f"{error.code} {problem['code']}: {problem['detail']}")
            time.sleep(int(error.headers.get("Retry-After", 1)))
        except urllib.error.URLError:
            time.sleep(2**tries / 4)
    sys.exit("Nobody answers.")


def facts(stream):
    """The facts of a stream as they come; comments only say that it lives."""
    for line in stream:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


# Before the list is read, so that nothing falls between.
listen = {"Authorization": f"Bearer {KEY}"}
asked = urllib.request.Request(f"{HOST}/v1/stream?kinds=clock.", headers=listen)
with urllib.request.urlopen(asked, timeout=40) as stream:
    waiting = [each for each in call("/v1/cases?limit=50")[0]["items"] if each["unanswered"]]
    for each in waiting or sys.exit("Nobody waits."):
        print(each["tier"], each["next_due_at"], each["follower"]["name"], each["excerpt"])
    case, seen = call(f"/v1/cases/{waiting[0]['id']}")
    answers = [each for each in case["clocks"] if each["kind"].endswith("_response")]
    ours = {each["id"] for each in answers if each["state"] in ("running", "paused")}
    # If somebody answered meanwhile, the case is not what we saw: refused with 412.
    call(f"/v1/cases/{case['id']}/replies", {"text": sys.argv[1]}, **{"If-Match": seen})
    heard = (each for each in facts(stream) if each["subject_id"] in ours)
    # What was late before stays missed, and no fact says so once more.
    told = next(heard) if ours else {"subject_id": answers[-1]["id"]}
why, _ = call(f"/v1/clocks/{told['subject_id']}/explain?lang=zh")
print(why["state"], *why["words"], sep="\n")
