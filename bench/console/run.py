#!/usr/bin/env python3
"""How long the console's pages take with many messages stored: time at the server, over loopback.

usage: bench/console/run.py LMR [--messages 1000000] [--senders 300] [--days 90] [--rounds 40]
LMR is the program. Fills an SQLite database of a sandbox's receiver with rows (no content), then asks for every kind
of page as a signed-in operator and prints the milliseconds at the median, at 95 % and at most. Exit status 1 when a
page takes more than 150 ms at 95 %.
"""
import argparse, html, http.client, os, random, re, signal, socket, sqlite3, subprocess, sys, tempfile, time, urllib.parse

LIMIT = 150.0
HOUR = 3_600_000_000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def organisation(n):
    """The next number from n on whose last digit is its check digit (modulo 11)."""
    while True:
        rest = -sum(int(d) * w for d, w in zip(f"{n:08d}", (3, 2, 7, 6, 5, 4, 3, 2))) % 11
        if rest != 10:
            return f"{n:08d}{rest}", n + 1
        n += 1


def fill(path, messages, senders, days):
    """Rows as the receiver writes them, without content and answers."""
    seed = random.Random(1)
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = off")
    numbers, n = [], 31_000_100
    for _ in range(senders):
        number, n = organisation(n)
        numbers.append(number)
    now = int(time.time() * 1e6)
    db.executemany("INSERT INTO avsender (organisation, name, active) VALUES (?, ?, 1)", [(o, f"Sykehus {o}") for o in numbers])
    db.executemany("INSERT INTO audit_head (chain, sequence, digest) VALUES (?, 1, zeroblob(32))", [(o,) for o in numbers])
    step = days * 24 * HOUR // messages

    def rows():
        for i in range(messages):
            at = now - (messages - i) * step
            outcome = "refused" if i % 500 == 0 else "accepted"
            refused = 1 if i % 10 == 0 else 0
            day = at // (24 * HOUR) * 24 * HOUR
            yield (i + 1, numbers[seed.randrange(senders)], f"{i:08x}-0000-4000-8000-000000000000", i.to_bytes(32, "big"), day - 24 * HOUR, day, at, at, outcome, refused)

    db.executemany(
        "INSERT INTO message (id, organisation, message_id, content_sha256, rule_set, client_id, reporting_from, reporting_to,"
        " generated_at, received_at, outcome, entries, created, updated, unchanged, refused, dependent, salt, answer_coding, answer_sealed,"
        " has_content) VALUES (?, ?, ?, ?, 'lmdi-1.1.7', 'klient', ?, ?, ?, ?, ?, 8, 7, 0, 0, ?, 0, zeroblob(16), 'identity', zeroblob(0), 1)",
        rows())
    # A code that is common, and one that hardly occurs.
    db.execute("INSERT INTO message_code (organisation, message, code, entries) SELECT organisation, id, 'LMR-4001', 1 FROM message WHERE refused > 0")
    db.execute(f"INSERT INTO message_code (organisation, message, code, entries) SELECT organisation, id, 'LMR-6001', 1 FROM message WHERE id % {messages // 7} = 1")
    # The receiver sums up by the day in Norway; these are days of UTC, as many rows.
    db.execute(
        "INSERT INTO day_count SELECT organisation, received_at / 86400000000, MAX(CASE WHEN outcome = 'accepted' THEN"
        " received_at / 3600000000 END), SUM(outcome = 'accepted'), SUM(outcome <> 'accepted'), SUM(entries),"
        " SUM(created + updated), SUM(unchanged), SUM(refused), SUM(dependent) FROM message GROUP BY 1, 2")
    for table, column, length in (("hour_code", "hour", 3_600_000_000), ("day_code", "day", 86_400_000_000)):
        db.execute(
            f"INSERT INTO {table} SELECT m.organisation, m.received_at / {length}, c.code, SUM(c.entries), 0"
            " FROM message_code c JOIN message m ON m.organisation = c.organisation AND m.id = c.message GROUP BY 1, 2, 3")
    db.commit()
    db.close()
    return numbers


class Browser:
    def __init__(self, port):
        self.port, self.cookie = port, ""

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        start = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - start) * 1000
        cookie = answer.getheader("set-cookie")
        connection.close()
        return answer.status, text, took, cookie


def serve(lmr, folder, port):
    server = subprocess.Popen([lmr, "serve", "--config", "receiver.toml"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    sys.exit("lmr serve did not start")


def stop(server):
    server.send_signal(signal.SIGTERM)
    server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lmr")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--senders", type=int, default=300)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=40)
    asked = parser.parse_args()
    lmr = os.path.abspath(asked.lmr)
    with tempfile.TemporaryDirectory(prefix="lmr-console-") as folder:
        world = os.path.join(folder, "world")
        port, receiver = free_port(), free_port()
        subprocess.run([lmr, "sandbox", "init", world, "--administrations", "8", "--receiver-port", str(receiver)], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([lmr, "admin", "new-password", "kari.phc"], cwd=world, check=True, input=b"et langt nok passord", stdout=subprocess.DEVNULL)
        with open(os.path.join(world, "receiver.toml"), "a") as config:
            config.write(f'\n[console]\nlisten = "127.0.0.1:{port}"\naddresses = ["127.0.0.1"]\n\n[[console.operator]]\nname = "kari"\nrole = "admin"\npassword_file = "kari.phc"\n')
        stop(serve(lmr, world, port))
        with open(os.path.join(world, "receiver.toml")) as config:
            database = re.search(r'^database = "(.*)"', config.read(), re.M)[1]
        start = time.time()
        numbers = fill(os.path.join(world, database), asked.messages, asked.senders, asked.days)
        print(f"{asked.messages} messages of {asked.senders} senders in {asked.days} days, filled in {time.time() - start:.0f} s")
        server = serve(lmr, world, port)
        try:
            browser = Browser(port)
            fields = urllib.parse.urlencode({"name": "kari", "password": "et langt nok passord", "to": "/konsoll"})
            status, _, _, cookie = browser.ask("POST", "/konsoll/sign-in", fields)
            assert status == 303, status
            browser.cookie = cookie.split(";")[0]
            sender, old = numbers[0], time.strftime("%Y-%m-%d", time.gmtime(time.time() - (asked.days - 5) * 86400))
            _, text, _, _ = browser.ask("GET", f"/konsoll/messages?sender={sender}")
            message = re.search(rb'href="(/konsoll/messages/\d+/[^"]+)"', text)[1].decode()
            known = message.rsplit("/", 1)[1]
            # The second page of a common code.
            _, text, _, _ = browser.ask("GET", "/konsoll/messages?code=LMR-4001")
            more = html.unescape(re.search(rb'rel="next" href="([^"]+)"', text)[1].decode())
            pages = [
                "/konsoll", "/konsoll?days=30", "/konsoll/messages", f"/konsoll/messages?sender={sender}", f"/konsoll/messages?id={known}",
                "/konsoll/messages?code=LMR-4001", "/konsoll/messages?code=LMR-6001", f"/konsoll/messages?code=LMR-6001&sender={sender}",
                f"/konsoll/messages?code=LMR-4001&from={old}&to={old}", f"/konsoll/messages?from={old}&to={old}", "/konsoll/messages?state=refused", message,
                "/konsoll/messages?state=accepted", f"/konsoll/messages?state=accepted&sender={sender}", "/konsoll/messages?code=LMR-4001&state=accepted",
                "/konsoll?days=90", "/konsoll?days=366", f"/konsoll/messages?code=LMR-4001&state=refused",
                f"/konsoll/messages?code=LMR-4001&sender={sender}", more,
                "/konsoll/calendar", "/konsoll/calendar?days=366", "/konsoll/refusals", "/konsoll/refusals?days=90", f"/konsoll/refusals?days=366&sender={sender}", "/konsoll/senders", f"/konsoll/senders/{sender}", "/konsoll/alerts", "/konsoll/operation", "/konsoll/audit",
            ]
            slow = False
            print("| page | median | 95 % | most |\n|---|---|---|---|")
            for path in pages:
                times = []
                for _ in range(asked.rounds):
                    status, text, took, _ = browser.ask("GET", path)
                    assert status == 200, (path, status, text[:500])
                    times.append(took)
                times.sort()
                high = times[int(len(times) * 0.95) - 1]
                slow |= high > LIMIT
                name = path.replace(sender, "N").replace(known, "ID")
                print(f"| `{name}` | {times[len(times) // 2]:.1f} | {high:.1f} | {times[-1]:.1f} |")
        finally:
            stop(server)
    sys.exit(1 if slow else 0)


main()
