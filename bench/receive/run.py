#!/usr/bin/env python3
"""Measures a receiver: processor time and file growth per message, answers' times at full and at half load.

    cargo build --release -p lmr-cli -p lmr-envelope --bin lmr --example private_operation
    bench/receive/run.py target/release/lmr [--messages 1000] [--connections 16] [--database postgres://…]
        [--identities FILE|postgres://…] [--soak MINUTES] [--samples FILE.ndjson] [--plot FILE.svg]

Reports beside it: the bare RSA-3072 private operation of the same library, measured before and after the full load, as a
share of the receiver's processor time per message (opening a message takes one; its receipt is signed by a P-256 key that
the RSA key signs once a day); and the seconds for one message of 10,000 entries. `--soak` sends
mixed messages for so many minutes instead (of forty: 28 new ones of eight entries, sealed as they go by the script of
scripts/interop, 3 sent before, 4 broken ones, 4 with bad tokens, 1 of 1,000 entries, of which every tenth is new), and prints the receiver's memory every minute; memory, open handles, threads, size of the database, answers and their times are
written every ten seconds to `--samples`, one JSON object a line, and drawn by `--plot`. `--database` names a PostgreSQL database that may be filled. Makes a world with `lmr sandbox`, seals messages of eight entries (RSA-3072), and posts them from this process over
kept connections, each with a token bound to a key and a proof of its own, as HelseID wants it. Durable commits, nothing
switched off. Needs the Python package `cryptography`.
"""
import argparse, base64, contextlib, datetime, glob, hashlib, http.client, json, os, re, shutil, socket, sqlite3, subprocess, sys
import tempfile, threading, time, uuid
from urllib.parse import urlencode, urlsplit
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(f"{HERE}/../../scripts/interop")
import signert_kryptert_bundle as envelope

CLIENT = "0b8f3c52-6a7e-4d19-9c40-5d1f2e7a8b63"
SCOPE = "fhi:lmr.fhirmottak/api"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Key:
    """A P-521 (ES512) or P-256 (ES256) key that signs JWS."""

    def __init__(self, jwk=None):
        if jwk:
            curve, self.alg, self.size, self.hash = ec.SECP521R1(), "ES512", 66, hashes.SHA512()
            public = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), curve)
            self.key = ec.EllipticCurvePrivateNumbers(number(jwk["d"]), public).private_key()
            self.kid = jwk["kid"]
        else:
            self.alg, self.size, self.hash, self.kid = "ES256", 32, hashes.SHA256(), None
            self.key = ec.generate_private_key(ec.SECP256R1())
        n = self.key.public_key().public_numbers()
        self.jwk = {"crv": "P-521" if jwk else "P-256", "kty": "EC",
                    "x": b64(n.x.to_bytes(self.size, "big")), "y": b64(n.y.to_bytes(self.size, "big"))}

    def sign(self, head, claims):
        text = b64(json.dumps(head | {"alg": self.alg}).encode()) + "." + b64(json.dumps(claims).encode())
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(self.hash)))
        return text + "." + b64(r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big"))

    def proof(self, method, url, token=None):
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return self.sign({"typ": "dpop+jwt", "jwk": self.jwk}, claims)


def token(issuer, client_key, proof_key):
    host = issuer.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.request("GET", "/.well-known/openid-configuration")
    endpoint = json.load(connection.getresponse())["token_endpoint"]
    nonce = None
    for _ in range(2):
        claims = {"jti": str(uuid.uuid4()), "htm": "POST", "htu": endpoint, "iat": int(time.time())}
        if nonce:
            claims["nonce"] = nonce
        proof = proof_key.sign({"typ": "dpop+jwt", "jwk": proof_key.jwk}, claims)
        # An assertion is good for one request.
        now = int(time.time())
        assertion = client_key.sign({"typ": "client-authentication+jwt", "kid": client_key.kid}, {
            "iss": CLIENT, "sub": CLIENT, "aud": issuer, "jti": str(uuid.uuid4()), "iat": now, "nbf": now, "exp": now + 20})
        body = urlencode({"grant_type": "client_credentials", "client_id": CLIENT, "scope": SCOPE,
                          "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                          "client_assertion": assertion})
        connection.request("POST", urlsplit(endpoint).path, body,
                           {"content-type": "application/x-www-form-urlencoded", "dpop": proof})
        answer = connection.getresponse()
        read = json.load(answer)
        if answer.status == 200:
            return read["access_token"]
        nonce = answer.getheader("dpop-nonce")
    sys.exit(f"no token: {read}")


# What a register has after the first message; everything else is new with each.
KNOWN_BEFORE = ("Patient", "Practitioner", "Organization", "Medication")


def bundle(template, n, fresh=None):
    """The template with ids of its own, but those that `fresh` has already."""
    fresh = {} if fresh is None else fresh
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                  lambda m: fresh.setdefault(m[0], str(uuid.uuid4())), template)
    value = json.loads(text)
    value["identifier"]["value"] += f"-{n}"
    for entry in value["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] not in KNOWN_BEFORE:
            resource["id"] += f"-{n}"
            for identifier in resource.get("identifier", []):
                identifier["value"] = f"{identifier['value']}-{n}"
    return json.dumps(value)


def many(template, n, entries):
    """A bundle of so many entries: copies of the template's, which share people, places and medicines."""
    fresh = {}
    whole = json.loads(bundle(template, n, fresh))
    is_shared = lambda entry: entry["resource"]["resourceType"] in KNOWN_BEFORE
    shared = {entry["fullUrl"].removeprefix("urn:uuid:") for entry in whole["entry"] if is_shared(entry)}
    kept = {old: new for old, new in fresh.items() if new in shared}
    own = len(whole["entry"]) - len(shared)
    for at in range((entries - len(whole["entry"])) // own):
        copy = json.loads(bundle(template, f"{n}-{at}", dict(kept)))
        whole["entry"] += [entry for entry in copy["entry"] if not is_shared(entry)]
    return json.dumps(whole)


def memory(pid, what="VmRSS"):
    return int(re.search(what + r":\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


def private_operation(lmr):
    """Milliseconds of processor time of the bare operation."""
    tool = os.path.join(os.path.dirname(lmr), "examples", "private_operation")
    return float(subprocess.check_output([tool])) if os.path.exists(tool) else None


def percentile(times, share):
    return round(1000 * times[min(len(times) - 1, int(len(times) * share))], 2) if times else None


def soak(options, receiver, url, fresh_token, key, messages, middle, template, folder):
    """Mixed load for so many minutes; samples every ten seconds, prints every minute, and what was answered."""
    start = time.monotonic()
    end = start + 60 * options.soak
    answers, times, lock = {}, [], threading.Lock()
    host, path = url.removeprefix("http://").split("/", 1)
    state = {"token": fresh_token(), "at": time.monotonic(), "n": 0}
    faults = []
    register, sender = (envelope.certificate(f"{folder}/{name}.pem") for name in ("register", "sender"))
    sender_key = envelope.private_key(f"{folder}/sender.key")

    def new(text):
        return envelope.sealed(text.encode(), register, sender, sender_key, datetime.datetime.now(datetime.timezone.utc))

    def work():
        connection = http.client.HTTPConnection(host)
        while time.monotonic() < end:
            with lock:
                if time.monotonic() - state["at"] > 60:
                    state["token"], state["at"] = fresh_token(), time.monotonic()
                state["n"] += 1
                n, access = state["n"], state["token"]
            authorization = f"DPoP {access}"
            if n % 400 == 0:
                message = new(many(template, f"{os.getpid()}-middle-{n}", 1_000))
            elif n % 40 == 0:
                message = middle[n // 40 % len(middle)]
            elif n % 10 == 0:
                message = messages[n % len(messages)]
            else:
                message = new(bundle(template, f"{os.getpid()}-soak-{n}"))
            if n % 10 == 3:
                message = message[:-40] + b"x" + message[-39:]
            elif n % 10 == 7:
                authorization += "x"
            headers = {"authorization": authorization, "dpop": key.proof("POST", url, access), "content-type": "application/json"}
            began = time.monotonic()
            try:
                connection.request("POST", "/" + path, message, headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
                if answer.getheader("connection") == "close":
                    connection.close()
            except (OSError, http.client.HTTPException) as fault:
                status = "none"
                faults.append(repr(fault))
                connection.close()
            with lock:
                answers[status] = answers.get(status, 0) + 1
                times.append((status, time.monotonic() - began))

    workers = [threading.Thread(target=work) for _ in range(options.connections)]
    [w.start() for w in workers]
    samples, out = [], open(options.samples, "w") if options.samples else None
    before = {}
    while any(w.is_alive() for w in workers):
        due = start + 10 * (len(samples) + 1)
        time.sleep(max(0.2, min(due, end + 1) - time.monotonic()))
        with lock:
            taken, counted = list(times), dict(answers)
            times.clear()
        stored = sorted(took for status, took in taken if status == 200)
        sample = {
            "seconds": round(time.monotonic() - start, 1),
            "resident_mib": round(memory(receiver), 1),
            "handles": len(os.listdir(f"/proc/{receiver}/fd")),
            "threads": len(os.listdir(f"/proc/{receiver}/task")),
            "processor_seconds": round(sum(ticks(receiver)), 2),
            "database_bytes": database_size(options, folder, checkpoint=False),
            "answers": {str(status): counted[status] - before.get(status, 0) for status in sorted(counted, key=str)},
            "p50_ms": percentile(stored, 0.5),
            "p99_ms": percentile(stored, 0.99),
        }
        before = counted
        samples.append(sample)
        if out:
            print(json.dumps(sample), file=out, flush=True)
        if len(samples) % 6 == 0:
            print(f"minute {len(samples) // 6}: {sample['resident_mib']:.1f} MiB resident, {sample['handles']} handles, "
                  f"{sum(counted.values())} answers, 99 % within {sample['p99_ms'] or 0:.0f} ms", flush=True)
    if options.plot:
        open(options.plot, "w").write(plot(samples))
    quarter = len(samples) // 4 + 1
    span = lambda name, part: max(sample[name] for sample in part if sample[name] is not None)
    print(f"answers by status: {dict(sorted(counted.items(), key=str))}; memory at most {memory(receiver, 'VmHWM'):.0f} MiB")
    for name, unit in (("resident_mib", "MiB"), ("handles", "handles"), ("threads", "threads"), ("p99_ms", "ms (99 %)")):
        print(f"at most in the first and in the last quarter: {span(name, samples[:quarter]):.1f} and {span(name, samples[-quarter:]):.1f} {unit}")
    if faults:
        sys.exit(f"{len(faults)} calls had no answer, the first: {faults[0]}")


def plot(samples):
    """An SVG with a panel for each of memory, handles, times and answers."""
    width, height, left, gap = 760, 110, 70, 40
    panels = [
        ("resident memory, MiB", [("resident_mib", "#1f5fa8")]),
        ("open handles and threads", [("handles", "#1f5fa8"), ("threads", "#b35900")]),
        ("answers 200: half and 99 % within, ms", [("p50_ms", "#1f5fa8"), ("p99_ms", "#b35900")]),
        ("answers a second", [("rate", "#1f5fa8")]),
        ("database, MB", [("megabytes", "#1f5fa8")]),
    ]
    previous = 0
    for sample in samples:
        sample["rate"] = sum(sample["answers"].values()) / max(0.1, sample["seconds"] - previous)
        sample["megabytes"] = sample["database_bytes"] / 1e6
        previous = sample["seconds"]
    last = max(samples[-1]["seconds"], 1)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 30}" height="{len(panels) * (height + gap) + 30}" '
           'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for at, (title, lines) in enumerate(panels):
        top = at * (height + gap) + 24
        most = max([sample[name] for sample in samples for name, _ in lines if sample[name] is not None] or [1]) * 1.1 or 1
        out.append(f'<text x="{left}" y="{top - 6}">{title}</text>'
                   f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#999"/>'
                   f'<text x="{left - 6}" y="{top + 10}" text-anchor="end">{most:.4g}</text>'
                   f'<text x="{left - 6}" y="{top + height}" text-anchor="end">0</text>')
        for name, colour in lines:
            points = " ".join(f"{left + width * sample['seconds'] / last:.1f},{top + height - height * sample[name] / most:.1f}"
                              for sample in samples if sample[name] is not None)
            out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"><title>{name}</title></polyline>')
    out.append(f'<text x="{left + width}" y="{len(panels) * (height + gap) + 14}" text-anchor="end">{last / 60:.1f} minutes</text></svg>')
    return "\n".join(out) + "\n"


def ticks(pid):
    """Seconds of processor time, the program's own and the kernel's for it."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return [int(fields[at]) / os.sysconf("SC_CLK_TCK") for at in (11, 12)]


def switches(pid):
    """How often its threads have waited for something."""
    count = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            count += int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", open(f"/proc/{pid}/task/{task}/status").read())[1])
    return count


def post_all(messages, connections, url, access, key, rate=None):
    """Posts all messages; gives the seconds of each answer and of the whole. `rate`: messages a second at most."""
    times, lock, left = [], threading.Lock(), list(enumerate(messages))
    host, path = url.removeprefix("http://").split("/", 1)
    start = time.monotonic()
    faults = []
    def work():
        connection = http.client.HTTPConnection(host)
        while True:
            with lock:
                if not left:
                    return
                at, message = left.pop(0)
            if rate:
                time.sleep(max(0.0, start + at / rate - time.monotonic()))
            headers = {"authorization": f"DPoP {access}", "dpop": key.proof("POST", url, access),
                       "content-type": "application/json"}
            began = time.monotonic()
            connection.request("POST", "/" + path, message, headers)
            answer = connection.getresponse()
            body = answer.read()
            took = time.monotonic() - began
            with lock:
                times.append(took)
                if answer.status != 200:
                    faults.append((answer.status, body[:300]))

    workers = [threading.Thread(target=work) for _ in range(connections)]
    [w.start() for w in workers]
    [w.join() for w in workers]
    if faults:
        sys.exit(f"{len(faults)} answers were not 200, the first: {faults[0]}")
    return sorted(times), time.monotonic() - start


def database_size(options, folder, checkpoint=True):
    """Bytes of the databases. Without a checkpoint the log beside a file is counted too."""
    size = 0
    for database in filter(None, [options.database or "receiver.sqlite", options.identities]):
        if database.startswith("postgres"):
            statement = ("CHECKPOINT; " if checkpoint else "") + "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
            size += int(subprocess.check_output(["psql", database, "-Atqc", statement]).split()[-1])
            continue
        if not checkpoint:
            size += sum(os.path.getsize(file) for file in glob.glob(f"{folder}/{database}*"))
            continue
        with contextlib.closing(sqlite3.connect(f"{folder}/{database}")) as session:
            session.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size += os.path.getsize(f"{folder}/{database}")
    return size


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("lmr")
    arguments.add_argument("--messages", type=int, default=1000)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--database")
    arguments.add_argument("--identities")
    arguments.add_argument("--soak", type=float)
    arguments.add_argument("--samples")
    arguments.add_argument("--plot")
    options = arguments.parse_args()
    lmr = os.path.abspath(options.lmr)
    folder = tempfile.mkdtemp()
    receiver_port, helseid_port = port(), port()
    run = lambda *command: subprocess.run([lmr, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("sandbox", "init", ".", "--ruleset", "lmdi-1.1.7", "--administrations", "1",
        "--receiver-port", str(receiver_port), "--helseid-port", str(helseid_port))
    config = open(f"{folder}/receiver.toml").read()
    if options.database:
        config = config.replace('database = "receiver.sqlite"', f'database = "{options.database}"')
    if options.identities:
        run("admin", "new-key", "who.key")
        config += f'\n[identities]\ndatabase = "{options.identities}"\nkey = "who.key"\n'
    open(f"{folder}/receiver.toml", "w").write(config)
    template = open(f"{HERE}/../bundles/transaction-8.json").read()
    def seal(text):
        open(f"{folder}/bundle.json", "w").write(text)
        run("seal", "bundle.json", "--certificate", "sender.pem", "--key", "sender.key", "--recipient", "register.pem", "-o", "message.json")
        return open(f"{folder}/message.json", "rb").read()

    messages = [seal(bundle(template, f"{os.getpid()}-{n}")) for n in range(options.messages)]
    large = [seal(many(template, f"{os.getpid()}-large-{n}", 10_000)) for n in range(0 if options.soak else 4)]
    middle = [seal(many(template, f"{os.getpid()}-middle-{n}", 1_000)) for n in range(20 if options.soak else 0)]
    register = load_pem_private_key(open(f"{folder}/register.key", "rb").read(), None)
    assert isinstance(register, rsa.RSAPrivateKey)
    processes = [subprocess.Popen([lmr, "sandbox", "helseid", ".", "--port", str(helseid_port)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
                 subprocess.Popen([lmr, "serve"], cwd=folder, stderr=open(f"{folder}/log", "w"))]
    try:
        for p in (helseid_port, receiver_port):
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", p)).close()
                    break
                except OSError:
                    time.sleep(0.05)
        issuer = f"http://127.0.0.1:{helseid_port}"
        url = f"http://127.0.0.1:{receiver_port}/fhirmottak/v1"
        # HelseID's libraries sign the proof with the client's own key; a P-256 key is cheaper for this process.
        client, proof = Key(json.load(open(f"{folder}/helseid-client.jwk"))), Key()
        access = token(issuer, client, proof)
        receiver = processes[1].pid
        if options.soak:
            soak(options, receiver, url, lambda: token(issuer, client, proof), proof, messages, middle, template, folder)
            return
        size_before = database_size(options, folder)
        warm, rest = messages[: len(messages) // 10], messages[len(messages) // 10:]
        full, half = rest[: len(rest) // 2], rest[len(rest) // 2:]
        post_all(warm, options.connections, url, access, proof)
        bare = [private_operation(lmr)]
        before, waited = ticks(receiver), switches(receiver)
        times, whole = post_all(full, options.connections, url, access, proof)
        user, kernel = (after - first for after, first in zip(ticks(receiver), before))
        used, waited = user + kernel, switches(receiver) - waited
        bare.append(private_operation(lmr))
        rate = len(full) / whole
        print(f"RSA modulus {register.key_size} bits, {len(messages[0])} bytes a message, {options.connections} connections")
        print(f"full load: {rate:.0f} messages a second, {1000 * used / len(full):.2f} ms of the receiver's processor time a message "
              f"({1000 * kernel / len(full):.2f} of it the kernel's; its threads waited {waited / len(full):.0f} times)")
        if bare[0]:
            share = sum(bare) / 2 / (1000 * used / len(full))
            print(f"the bare RSA private operation: {bare[0]:.3f} and {bare[1]:.3f} ms, {100 * share:.0f} % of it (goal: at least 55 %)")
        else:
            print("the bare RSA private operation was not measured: build the example private_operation of lmr-envelope")
        p99 = lambda t: 1000 * t[int(len(t) * 0.99)]
        print(f"full load: half of the answers within {1000 * times[len(times) // 2]:.1f} ms, 99 % within {p99(times):.1f} ms")
        times, _ = post_all(half, options.connections, url, access, proof, rate / 2)
        print(f"half load: half of the answers within {1000 * times[len(times) // 2]:.1f} ms, 99 % within {p99(times):.1f} ms")
        print(f"memory at most {memory(receiver, 'VmHWM'):.0f} MiB")
        grown = database_size(options, folder) - size_before
        print(f"database: grown by {grown / len(messages):.0f} bytes a message (goal: under 7,000)")
        access = token(issuer, client, proof)
        before = sum(ticks(receiver))
        took = [post_all([one], 1, url, access, proof)[0][0] for one in large]
        used = sum(ticks(receiver)) - before
        print(f"10,000 entries: {', '.join(f'{t:.2f}' for t in took)} s by the clock (goal: under 1), "
              f"{used / len(large):.2f} s of the receiver's processor time, {len(large[0]) >> 10} KiB a message; memory at most {memory(receiver, 'VmHWM'):.0f} MiB")
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
