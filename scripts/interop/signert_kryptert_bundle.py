#!/usr/bin/env python3
"""A second implementation of the SignertKryptertBundle, to test ours against.

Written from the guide's page alone, on the Python package `cryptography`; it shares nothing with the Rust code.

  seal --register-cert C.pem --sender-cert S.pem --sender-key S.key [--style camel|pascal] < bundle > message
  open --register-cert C.pem --register-key C.key --sender-cert S.pem < message > bundle

The style `pascal` writes what .NET senders write: PascalCase names, members in alphabetical order, times with seven
fractional digits and no offset, thumbprints in lower case, `+` escaped, a byte order mark and an extra member.
"""

import argparse
import base64
import datetime
import gzip
import hashlib
import json
import os
import sys
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import ObjectIdentifier

OAEP = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
MEMBERS = [
    "messageId", "senderOrganizationIdentifier", "messageFormatVersion", "rapporteringFra", "rapporteringTil",
    "encryptedContent", "encryptionCertificateThumbprint", "encryptedKey", "nonce", "authenticationTag",
    "signatureCertificateThumbprint", "signature", "generatedAt",
]


def certificate(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def private_key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), password=None)


def thumbprint(cert):
    return hashlib.sha1(cert.public_bytes(serialization.Encoding.DER)).hexdigest().upper()


def organisation(cert):
    return cert.subject.get_attributes_for_oid(ObjectIdentifier("2.5.4.97"))[0].value.removeprefix("NTRNO-")


def b64(data):
    return base64.b64encode(data).decode("ascii")


def seal(args):
    register, sender, key = certificate(args.register_cert), certificate(args.sender_cert), private_key(args.sender_key)
    now = datetime.datetime.fromisoformat(args.now)
    sys.stdout.buffer.write(sealed(sys.stdin.buffer.read(), register, sender, key, now, args.style))


def sealed(bundle, register, sender, sender_key, now, style="camel"):
    """The message for a bundle's bytes; `bench/receive/run.py` makes its own with it too."""
    key, nonce = os.urandom(32), os.urandom(12)
    encrypted = AESGCM(key).encrypt(nonce, gzip.compress(bundle), None)
    content, tag = encrypted[:-16], encrypted[-16:]
    start = now - datetime.timedelta(days=1)
    if style == "pascal":
        # .NET's DateTime of kind Unspecified: local time, seven digits, no offset.
        time = lambda t: t.astimezone(datetime.timezone(datetime.timedelta(hours=1))).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"
    else:
        time = lambda t: t.isoformat()
    values = [
        str(uuid.uuid4()), organisation(sender), "1.0", time(start), time(now),
        b64(content), thumbprint(register), b64(register.public_key().encrypt(key, OAEP)), b64(nonce), b64(tag),
        thumbprint(sender), b64(sender_key.sign(content, padding.PKCS1v15(), hashes.SHA256())),
        time(now),
    ]
    message = dict(zip(MEMBERS, values))
    if style == "camel":
        return json.dumps(message).encode("utf-8")
    message["encryptionCertificateThumbprint"] = message["encryptionCertificateThumbprint"].lower()
    message = {name[0].upper() + name[1:]: value for name, value in message.items()} | {"SchemaHint": {"a": [1, None]}}
    text = json.dumps(dict(sorted(message.items())), indent=2).replace("+", "\\u002B")
    return b"\xef\xbb\xbf" + text.encode("utf-8")


def open_(args):
    pairs = json.loads(sys.stdin.read(), object_pairs_hook=list)
    assert [name for name, _ in pairs] == MEMBERS, "members or their order"
    message = dict(pairs)
    register, sender = certificate(args.register_cert), certificate(args.sender_cert)
    assert message["messageFormatVersion"] == "1.0"
    assert message["encryptionCertificateThumbprint"] == thumbprint(register)
    assert message["signatureCertificateThumbprint"] == thumbprint(sender)
    assert message["senderOrganizationIdentifier"] == organisation(sender)
    for name in ("rapporteringFra", "rapporteringTil", "generatedAt"):
        assert datetime.datetime.fromisoformat(message[name]).utcoffset() is not None, name
    raw = {name: base64.b64decode(message[name], validate=True)
           for name in ("encryptedContent", "encryptedKey", "nonce", "authenticationTag", "signature")}
    assert len(raw["nonce"]) == 12 and len(raw["authenticationTag"]) == 16
    sender.public_key().verify(raw["signature"], raw["encryptedContent"], padding.PKCS1v15(), hashes.SHA256())
    key = private_key(args.register_key).decrypt(raw["encryptedKey"], OAEP)
    assert len(key) == 32
    packed = AESGCM(key).decrypt(raw["nonce"], raw["encryptedContent"] + raw["authenticationTag"], None)
    sys.stdout.buffer.write(gzip.decompress(packed))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run in (("seal", seal), ("open", open_)):
        command = commands.add_parser(name)
        command.add_argument("--register-cert", required=True)
        command.add_argument("--sender-cert", required=True)
        if name == "seal":
            command.add_argument("--sender-key", required=True)
            command.add_argument("--style", choices=["camel", "pascal"], default="camel")
            command.add_argument("--now", required=True, help="ISO 8601 with offset")
        else:
            command.add_argument("--register-key", required=True)
        command.set_defaults(run=run)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
