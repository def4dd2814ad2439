"""A certificate authority of its own for each test run, and a server certificate from it."""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: authority (what a client has to trust), chain and key (what a server shows)."""

    authority: Path
    chain: Path
    key: Path


def make_certificates(folder: Path, *names: str) -> Certificates:
    """Write a fresh authority and a certificate for `names` (default: 127.0.0.1, 127.0.0.2 and localhost)."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    issued = authority.issue_cert(*(names or ("127.0.0.1", "127.0.0.2", "localhost")))
    made = Certificates(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority.cert_pem.write_to_path(str(made.authority))
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(str(made.chain), append=number > 0)
    issued.private_key_pem.write_to_path(str(made.key))
    return made
