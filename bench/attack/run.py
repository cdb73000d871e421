#!/usr/bin/env python3
"""Attacks a receiver while an honest sender goes on sending: every message of the honest sender must be answered with 200.

    cargo build --release -p lmr-cli
    bench/attack/run.py target/release/lmr [--seconds 3] [--pace 10] [--messages 100] [--only NAME,...] [--slowest 5]

The honest sender's messages are sealed before; when all are sent it begins again, as a sender does that got no answer.
Makes a world with `lmr sandbox` and its default limits, and attacks it from another listed address in a process of its
own, one kind of attack after the other. Prints of each how often it was tried and what became of it, and the honest
sender's messages a second and times before and during it. Ends with 1 where an honest message was not answered with 200
or took longer than `--slowest` seconds, where an attack got what it must not get, where the receiver panicked, took more
than `--memory` MiB, or did not answer as before afterwards. Needs the Python package `cryptography`; ends with 3 where
that is missing.
"""
import argparse, collections, gzip, http.client, json, multiprocessing, os, re, shutil, socket, subprocess, sys
import tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{HERE}/../receive")
try:
    from run import Key, bundle, memory, port, token
except ImportError as error:
    print(f"left out: {error}")
    sys.exit(3)

ATTACKER = "127.0.0.2"
PATH = "/fhirmottak/v1"


class World:
    """What attacks know: where the receiver is, a token, and messages that were sealed for it."""

    def __init__(self, port, access, key, sealed):
        self.port, self.access, self.key, self.sealed = port, access, key, sealed
        self.url = f"http://127.0.0.1:{port}{PATH}"

    def connect(self, source=ATTACKER, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0))

    def post(self, body, headers=(), path=PATH, source=ATTACKER, timeout=20):
        """The status of one request, or the name of what happened to the connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=(source, 0))
        try:
            connection.request("POST", path, body, {"content-type": "application/json", **dict(headers)})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def raw(self, data, source=ATTACKER):
        """The status that some bytes are answered with."""
        try:
            with self.connect(source) as connection:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                read = connection.recv(4096)
        except OSError as error:
            return type(error).__name__
        found = re.match(rb"HTTP/1\.[01] (\d+)", read)
        return int(found[1]) if found else "closed"

    def authorized(self):
        return {"authorization": f"DPoP {self.access}", "dpop": self.key.proof("POST", self.url, self.access)}


def held_open(world, end, fates, count, first, more=b"", pause=1.0):
    """Keeps so many connections open, says `first` on each and then `more` again and again; those that are hung up on
    are opened again."""
    open_ones = []
    while time.monotonic() < end:
        while len(open_ones) < count and time.monotonic() < end:
            try:
                connection = world.connect(timeout=2)
                connection.sendall(first)
                open_ones.append(connection)
                fates["opened"] += 1
            except OSError:
                fates["not opened"] += 1
                break
        kept = []
        for connection in open_ones:
            try:
                connection.setblocking(False)
                if more:
                    connection.send(more)
                try:
                    answer = connection.recv(4096)
                    if not answer:
                        raise OSError
                    fates["answered 200" if answer.startswith(b"HTTP/1.1 200") else "answered"] += 1
                except BlockingIOError:
                    kept.append(connection)
                    continue
            except BlockingIOError:
                kept.append(connection)
                continue
            except OSError:
                fates["hung up on"] += 1
            connection.close()
        open_ones = kept
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
    for connection in open_ones:
        connection.close()


def repeated(attempt, threads):
    """An attack of so many threads that make the attempt again and again."""
    def attack(world, end, fates):
        def work(number):
            n = 0
            while time.monotonic() < end:
                fates[attempt(world, number, n)] += 1
                n += 1
        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
    return attack


HEAD = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
WRONG_LENGTHS = [
    HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    HEAD + b"Content-Length: +5\r\n\r\n12345",
    HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n12345",
    HEAD + b"Content-Length: 5000\r\n\r\n12345",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
]
HUGE_HEADERS = [
    b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(20_000)) + b"\r\n",
    b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
    b"GET /" + b"y" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
]
DEEP = [b"[" * 500_000, b'{"a":' * 200_000, b"[" * 50_000 + b"]" * 50_000]
CHECK = PATH + "/validateLegemiddelregisterBundle"
ZEROS = gzip.compress(bytes(300 << 20), 9)


FIRST = threading.Lock()


def replay(world, number, n):
    """The sender's own message, with the proof of another request. From its own address: others are refused before."""
    with FIRST:
        if not hasattr(world, "proof"):
            world.proof = world.authorized()
            world.post(world.sealed["good"], world.proof, source="127.0.0.1")
    return world.post(world.sealed["good"], world.proof, source="127.0.0.1")


# Name, what it does, and the ends that it must not have.
ATTACKS = [
    ("silent connections", lambda w, end, fates: held_open(w, end, fates, 400, b""), {"answered", "answered 200"}),
    ("many idle connections of one address", lambda w, end, fates: held_open(
        w, end, fates, 1000, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"), set()),
    ("slow heads", lambda w, end, fates: held_open(w, end, fates, 150, HEAD, b"X", 0.5), {"answered", "answered 200"}),
    ("slow bodies", lambda w, end, fates: held_open(
        w, end, fates, 100, HEAD + b"Content-Length: 100000\r\n\r\n", b"{", 0.5), {"answered 200"}),
    ("gzip bombs", repeated(lambda w, number, n: w.post(
        *[(ZEROS, {"content-encoding": "gzip"}), (w.sealed["bomb"], w.authorized())][n % 2],
        source=[ATTACKER, "127.0.0.1"][n % 2]), 4), {200}),
    ("deep and wide JSON", repeated(lambda w, number, n: w.post(
        *[(DEEP[n // 2 % 3], {}, CHECK), (w.sealed["wide"], w.authorized())][n % 2],
        source=[ATTACKER, "127.0.0.1"][n % 2]), 4), {200}),
    ("huge headers", repeated(lambda w, number, n: w.raw(HUGE_HEADERS[n % len(HUGE_HEADERS)]), 8), {200}),
    ("wrong lengths", repeated(lambda w, number, n: w.raw(WRONG_LENGTHS[n % len(WRONG_LENGTHS)]), 8), {200}),
    ("replayed proofs", repeated(replay, 4), {200}),
    ("messages without a token", repeated(lambda w, number, n: w.post(w.sealed["good"]), 8), {200}),
]


def attacking(attack, world, seconds, queue):
    """The attack's own process: Python shares one core among threads, and the honest sender is measured."""
    fates = collections.Counter()
    attack(world, time.monotonic() + seconds, fates)
    queue.put(fates)


class Honest:
    """Sends messages at a pace, each with a proof of its own over a kept connection."""

    def __init__(self, world, messages, pace):
        self.world, self.messages, self.pace, self.next = world, messages, pace, 0

    def send(self, seconds):
        """Seconds of each answer, and what was not 200."""
        times, faults = [], []
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=60)
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            message = self.messages[self.next % len(self.messages)]
            self.next += 1
            began = time.monotonic()
            try:
                headers = {"content-type": "application/json", **self.world.authorized()}
                connection.request("POST", PATH, message, headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    faults.append(f"{answer.status} {body[:200]}")
            except (OSError, http.client.HTTPException) as error:
                faults.append(repr(error))
                connection.close()
            times.append(time.monotonic() - began)
            time.sleep(max(0.0, start + len(times) / self.pace - time.monotonic()))
        connection.close()
        return sorted(times), len(times) / (time.monotonic() - start), faults


def figures(times, rate):
    at = lambda share: 1000 * times[min(len(times) - 1, int(len(times) * share))]
    return f"{rate:.1f} a second, half within {at(0.5):.0f} ms, slowest {at(1):.0f} ms"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("lmr")
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--pace", type=float, default=10)
    arguments.add_argument("--messages", type=int, default=100)
    arguments.add_argument("--only", default="")
    arguments.add_argument("--slowest", type=float, default=5)
    arguments.add_argument("--memory", type=float, default=1024)
    options = arguments.parse_args()
    lmr, folder = os.path.abspath(options.lmr), tempfile.mkdtemp()
    chosen = [attack for attack in ATTACKS if not options.only or attack[0] in options.only.split(",")]
    receiver_port, helseid_port = port(), port()
    run = lambda *command: subprocess.run([lmr, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("sandbox", "init", ".", "--ruleset", "lmdi-1.1.7", "--administrations", "1",
        "--receiver-port", str(receiver_port), "--helseid-port", str(helseid_port))
    with open(f"{folder}/receiver.toml", "a") as config:
        config.write(f'\n[[avsender]]\norganisation = "310000019"\nname = "Another"\naddresses = ["{ATTACKER}"]\n'
                     'certificates = []\n')
    template = open(f"{HERE}/../bundles/transaction-8.json").read()

    def seal(text):
        open(f"{folder}/bundle.json", "w").write(text)
        run("seal", "bundle.json", "--certificate", "sender.pem", "--key", "sender.key", "--recipient", "register.pem", "-o", "message.json")
        return open(f"{folder}/message.json", "rb").read()

    messages = [seal(bundle(template, f"{os.getpid()}-{n}")) for n in range(options.messages)]
    sealed = {
        "good": messages.pop(),
        "bomb": seal('{"resourceType":"Bundle"' + " " * (100 << 20) + "}"),
        "wide": seal('{"resourceType":"Bundle","x":[' + "0," * 5_000_000 + "0]}"),
    }
    log = open(f"{folder}/log", "w")
    processes = [subprocess.Popen([lmr, "sandbox", "helseid", ".", "--port", str(helseid_port)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
                 subprocess.Popen([lmr, "serve"], cwd=folder, stderr=log)]
    wrong = []
    try:
        for p in (helseid_port, receiver_port):
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", p)).close()
                    break
                except OSError:
                    time.sleep(0.05)
        proof = Key()
        access = token(f"http://127.0.0.1:{helseid_port}", Key(json.load(open(f"{folder}/helseid-client.jwk"))), proof)
        world = World(receiver_port, access, proof, sealed)
        honest = Honest(world, messages, options.pace)
        honest.send(0.5)

        def measured(name, attack=None):
            queue = multiprocessing.Queue()
            if attack:
                attacker = multiprocessing.Process(target=attacking, args=(attack, world, options.seconds, queue))
                attacker.start()
                time.sleep(0.2)
            times, rate, faults = honest.send(options.seconds)
            fates = {}
            if attack:
                fates = queue.get(timeout=120)
                attacker.join()
            print(f"{name:38} {figures(times, rate)}", flush=True)
            if fates:
                ends = sorted(((str(end), count) for end, count in fates.items()), key=lambda one: -one[1])
                print(" " * 39 + ", ".join(f"{count} {end}" for end, count in ends), flush=True)
            if faults:
                wrong.append(f"{name}: {len(faults)} honest messages were not answered with 200, the first: {faults[0]}")
            if times[-1] > options.slowest:
                wrong.append(f"{name}: an honest message took {times[-1]:.1f} s")
            return fates

        measured("before")
        for name, attack, never in chosen:
            fates = measured(name, attack)
            if not sum(fates.values()):
                wrong.append(f"{name}: was not tried once")
            wrong += [f"{name}: ended with {end} {fates[end]} times" for end in never if fates.get(end)]
        measured("after")
        if processes[1].poll() is not None:
            wrong.append("the receiver has ended")
        else:
            most = memory(processes[1].pid, "VmHWM")
            print(f"memory at most {most:.0f} MiB, default limits, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            if most > options.memory:
                wrong.append(f"the receiver took {most:.0f} MiB")
        if "panic" in open(f"{folder}/log").read():
            wrong.append("the log tells of a panic")
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder)
    for text in wrong:
        print(f"FAULT {text}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
