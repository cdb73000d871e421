#!/usr/bin/env python3
"""Measures a sender: a first transfer of a large source to a receiver on this machine, a run in which nothing has
changed, one with 50 changed records, and what the sender's database takes.

    bench/send/run.py target/release/lmr [--resources 1000000] [--ruleset lmdi-0.9.4]

Makes a world with `lmr sandbox` (synthetic patients), an issuer and a receiver of its own on loopback. Durable commits,
nothing switched off. Processor seconds (user and system) and the most memory are the process's own and hold on a
machine that others use too; seconds by the clock do not. Needs Linux; no packages.
"""
import argparse, contextlib, json, os, re, shutil, socket, sqlite3, subprocess, sys, tempfile, time

# Of so many administrations the simulated hospital makes this many resources.
RESOURCES_AN_ADMINISTRATION = 1.75


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processor(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) / 1024


class Measured:
    """A command that has ended, with what it took."""

    def __init__(self, command, folder):
        with tempfile.TemporaryFile() as out:
            began = time.monotonic()
            process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=open(f"{folder}/sender.log", "a"))
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            self.text = out.read().decode()
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}: {self.text[-2000:]}")
        self.processor = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("lmr")
    arguments.add_argument("--resources", type=int, default=1_000_000)
    arguments.add_argument("--ruleset", default="lmdi-0.9.4")
    arguments.add_argument("--keep", action="store_true", help="leave the folder for a closer look")
    options = arguments.parse_args()
    lmr = os.path.abspath(options.lmr)
    folder = tempfile.mkdtemp(prefix="lmr-bench-send-")
    receiver_port, helseid_port = port(), port()
    administrations = round(options.resources / RESOURCES_AN_ADMINISTRATION)
    subprocess.run([lmr, "sandbox", "init", ".", "--ruleset", options.ruleset, "--administrations", str(administrations),
                    "--receiver-port", str(receiver_port), "--helseid-port", str(helseid_port)],
                   check=True, cwd=folder, stdout=subprocess.DEVNULL)
    source = f"{folder}/source"
    size = sum(os.path.getsize(f"{source}/{name}") for name in os.listdir(source))
    processes = [subprocess.Popen([lmr, "sandbox", "helseid", ".", "--port", str(helseid_port)], cwd=folder,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
                 subprocess.Popen([lmr, "serve"], cwd=folder, stderr=open(f"{folder}/receiver.log", "w"))]
    try:
        for p in (helseid_port, receiver_port):
            for _ in range(1200):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", p)).close()
                    break
                time.sleep(0.05)
        receiver = processes[1].pid
        send = lambda *rest: [lmr, "send", *rest, "--config", "sender.toml", "--format", "json"]

        def show(name, done):
            print(f"{name}: {done.seconds:.1f} s by the clock, {done.processor:.1f} s of the processor, "
                  f"at most {done.peak:.0f} MiB", flush=True)

        before = processor(receiver)
        first = Measured(send("run"), folder)
        taken = processor(receiver) - before
        report = json.loads(first.text)
        resources = report["resources"]
        delivered = sum(message["stored"] for message in report["messages"])
        print(f"{resources} resources, {size / 2**20:.0f} MiB, {len(report['messages'])} messages, {delivered} stored", flush=True)
        show("first transfer", first)
        print(f"  the receiver beside it: {taken:.1f} s of the processor, at most {peak(receiver):.0f} MiB", flush=True)
        if len(report["messages"]) < 2 or delivered < resources // 2:
            sys.exit("that was no first transfer")
        unchanged = Measured(send("run"), folder)
        report = json.loads(unchanged.text)
        if report["new"] + report["changed"] + len(report["messages"]) != 0:
            sys.exit("something had changed")
        show("nothing changed", unchanged)

        file = f"{source}/MedicationAdministration.ndjson"
        # A line at a time: the most memory that the system notes of a child begins with its parent's.
        with open(file) as before, open(f"{folder}/changed.ndjson", "w") as after:
            for at, line in enumerate(before):
                if at < 50:
                    record = json.loads(line)
                    record["note"] = [{"text": "changed"}] if options.ruleset == "none" else record.get("note")
                    record["dosage"]["text"] = "changed"
                    line = json.dumps({key: value for key, value in record.items() if value is not None}) + "\n"
                after.write(line)
        os.replace(f"{folder}/changed.ndjson", file)
        changed = Measured(send("run"), folder)
        report = json.loads(changed.text)
        show(f"{report['changed']} changed", changed)
        status = Measured(send("status"), folder)
        show("lmr send status", status)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
    database = f"{folder}/sender.sqlite"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        parts = connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = FALSE GROUP BY 1 ORDER BY 2 DESC").fetchall() \
            if has_dbstat(connection) else []
    whole = os.path.getsize(database)
    print(f"the sender's database: {whole / 2**20:.0f} MiB, {whole / resources:.0f} bytes a resource")
    for name, bytes_ in parts[:6]:
        print(f"  {name}: {bytes_ / resources:.0f} bytes a resource")
    if options.keep:
        print(folder)
    else:
        shutil.rmtree(folder)


def has_dbstat(connection):
    try:
        connection.execute("SELECT 1 FROM dbstat LIMIT 1")
        return True
    except sqlite3.OperationalError:
        return False


main()
