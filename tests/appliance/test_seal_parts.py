"""The parts of the seal that need no kernel: its filter, played by hand, and the comparing of hosts."""

import errno
import struct
from collections.abc import Iterable

import pytest

from appliance.errors import ConfigError
from appliance.seal.filter import LOCAL_FAMILIES, LOOPBACK_FAMILIES, program
from appliance.seal.hosts import AllowedHosts, _look_up, hosts_named, require_allowed

ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.ENONET
X86_64, AARCH64, I386, ARM = 0xC000003E, 0xC00000B7, 0x40000003, 0x40000028


def play(code: bytes, architecture: int, number: int, argument: int = 0) -> int:
    """What the kernel would answer: classic BPF as seccomp(2) defines it."""
    data = struct.pack("<IIQQ", number & 0xFFFFFFFF, architecture, 0, argument) + bytes(40)
    lines = list(struct.iter_unpack("<HBBI", code))
    at = loaded = 0
    while True:
        kind, holds, fails, operand = lines[at]
        at += 1
        if kind == 0x20:
            loaded = struct.unpack_from("<I", data, operand)[0]
        elif kind == 0x15:
            at += holds if loaded == operand else fails
        elif kind == 0x35:
            at += holds if loaded >= operand else fails
        elif kind == 0x06:
            return int(operand)
        else:
            raise AssertionError(f"an instruction this filter does not use: {kind:#x}")


CALLS = {
    "x86_64": {
        "own": X86_64,
        "socket": 41,
        "socketpair": 53,
        "setns": 308,
        "read": 0,
        "openat": 257,
    },
    "aarch64": {
        "own": AARCH64,
        "socket": 198,
        "socketpair": 199,
        "setns": 268,
        "read": 63,
        "openat": 56,
    },
}


@pytest.mark.parametrize("machine", CALLS)
def test_the_filter_on_both_machines(machine: str) -> None:
    code, calls = program(machine), CALLS[machine]
    own = calls["own"]
    for call in ("socket", "socketpair"):
        for family in range(64):
            expected = ALLOW if family in (1, 16) else REFUSE
            assert play(code, own, calls[call], family) == expected
        # The kernel reads an int: the upper half of the register says nothing.
        assert play(code, own, calls[call], 2 | 1 << 32) == REFUSE
        assert play(code, own, calls[call], 1 | 7 << 32) == ALLOW
    assert play(code, own, calls["setns"]) == REFUSE
    assert [play(code, own, number) for number in range(424, 429)] == [ALLOW, *[REFUSE] * 3, ALLOW]
    for call in ("read", "openat"):
        assert play(code, own, calls[call], 2) == ALLOW
    for foreign in (I386, ARM, X86_64 ^ AARCH64, 0):
        assert play(code, foreign, calls["read"]) == KILL
    assert play(code, own, -1) == KILL


def test_the_32_bit_calls_of_a_64_bit_program_are_ended() -> None:
    code = program("x86_64")
    assert play(code, X86_64, 0x40000000 | 41, 2) == KILL
    assert play(code, X86_64, 0x3FFFFFFF) == ALLOW


@pytest.mark.parametrize("machine", CALLS)
def test_the_filter_that_leaves_internet_sockets_alone(machine: str) -> None:
    code, calls = program(machine, LOOPBACK_FAMILIES), CALLS[machine]
    allowed = [n for n in range(64) if play(code, calls["own"], calls["socket"], n) == ALLOW]
    assert allowed == [1, 2, 10, 16]
    assert play(code, calls["own"], 425) == REFUSE
    # The twin: the first filter lets two of them through.
    code = program(machine, LOCAL_FAMILIES)
    allowed = [n for n in range(64) if play(code, calls["own"], calls["socket"], n) == ALLOW]
    assert allowed == [1, 16]


@pytest.mark.parametrize(
    ("allowed", "host", "admitted"),
    [
        ((), "127.0.0.1", False),
        ((), "localhost", False),
        ((), "", False),
        (("127.0.0.1",), "127.0.0.1", True),
        (("127.0.0.1",), "127.8.9.1", True),
        (("127.0.0.1",), b"127.0.0.1", True),
        (("127.0.0.1",), bytearray(b"localhost"), True),
        (("127.0.0.1",), "::1", True),
        (("127.0.0.1",), "::ffff:127.0.0.1", True),
        (("localhost",), "127.0.0.1", True),
        (("127.0.0.1",), "::ffff:192.0.2.1", False),
        (("127.0.0.1",), "0.0.0.0", False),
        (("127.0.0.1",), "", False),
        (("127.0.0.1",), None, False),
        (("127.0.0.1",), "2130706433", False),
        (("127.0.0.1",), "127.0.0.1.example.org", False),
        (("db.lan",), "DB.LAN.", True),
        (("db.lan",), "xdb.lan", False),
        (("192.0.2.7",), "127.0.0.1", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.7",), "192.0.2.8", False),
        (("[2001:db8::1]",), "2001:0db8:0:0::1", True),
        (("fe80::1",), "fe80::1%eth0", True),
    ],
)
def test_which_hosts_are_admitted(allowed: Iterable[str], host: object, admitted: bool) -> None:
    assert AllowedHosts(allowed).admits(host) is admitted


def test_the_number_of_an_allowed_name_is_admitted() -> None:
    assert "127.0.0.1" in {str(address) for address in _look_up(["localhost"])}
    hosts = AllowedHosts(["localhost"])
    hosts.loopback = False
    assert hosts.admits("127.0.0.1")
    assert not hosts.admits("127.0.0.2")


@pytest.mark.parametrize(
    ("service", "hosts"),
    [
        ("postgresql://u:p@db.lan:5432/pages", ("db.lan",)),
        ("postgresql+psycopg://db.lan/pages", ("db.lan",)),
        ("postgresql://u@one.lan:1,two.lan:2/pages", ("one.lan", "two.lan")),
        ("postgresql://u@[2001:db8::1]:5432/pages", ("2001:db8::1",)),
        ("postgresql:///pages?host=/var/run/postgresql", ()),
        ("postgresql:///pages?host=db.lan", ("db.lan",)),
        ("postgresql://db.lan/pages?hostaddr=192.0.2.1", ("192.0.2.1", "db.lan")),
        ("postgresql:///pages", ()),
        ("host=db.lan port=5432 dbname=pages", ("db.lan",)),
        ("host=/run/postgresql dbname=pages", ()),
        ("http://milvus.lan:19530", ("milvus.lan",)),
        ("https://user:secret@milvus.lan", ("milvus.lan",)),
        ("unix:/run/milvus.socket", ()),
        ("./milvus.db", ()),
    ],
)
def test_the_hosts_of_a_setting(service: str, hosts: tuple[str, ...]) -> None:
    assert hosts_named(service) == hosts


def test_a_host_that_a_setting_needs_must_be_allowed() -> None:
    services = ("", "http://milvus.lan:19530")
    assert require_allowed(services, AllowedHosts(["milvus.lan"])) == ("milvus.lan",)
    with pytest.raises(ConfigError, match=r"on milvus\.lan, which the seal does not let through"):
        require_allowed(services, AllowedHosts(["db.lan"]))
    with pytest.raises(ConfigError, match="is no URL"):
        require_allowed(["http://[broken"], AllowedHosts([]))
