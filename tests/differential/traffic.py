"""What is in a capture, for the plain matcher: the sensor's own dump of fields, and payloads read from
the file by a plain reader (Ethernet, IP, UDP and TCP in order). A TCP direction is used only if its
SHA-256 is the one the sensor gives: where this reader is too plain, it stays silent."""
import collections
import hashlib
import ipaddress
import json
import re
import struct
import subprocess

Value = collections.namedtuple("Value", "flow n transaction field direction bytes")
Flow = collections.namedtuple("Flow", "id proto app client server client_port server_port tunnels")
TUNNELS = ("gre erspan etherip l2tpv3 l2tp vxlan geneve gtp-u teredo capwap nsh mpls wlan").split()
FRAMED = "eth llc vlan etag vntag sll sll2 chdlc nsh".split()


def plain(text):
    """docs/escapes.md, backwards."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text.encode())


def dump(sensor, capture, what):
    out = subprocess.run([sensor, "-r", capture, "--dump", what, "--no-checksums"],
                         capture_output=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def tunnels_of(layers):
    """What a packet with these headers travelled in, as `where.tunnel` names it."""
    own = max((i for i, name in enumerate(layers) if name in ("ipv4", "ipv6")), default=0)
    found = {name for name in layers[:own] if name in TUNNELS}
    for before, name, behind in zip(["", *layers], layers[:own], layers[1:]):
        if name in ("ipv4", "ipv6") and behind in ("ipv4", "ipv6", "mpls"):
            found.add(name)
        if name == "mpls" and before not in FRAMED:
            found.add("mpls-bare")
    return frozenset(found)


def flows_tunnels(packets):
    """{community id: tunnels} of flows whose packets all travelled in the same."""
    seen = collections.defaultdict(set)
    for p in packets:
        if "community_id" in p:
            seen[p["community_id"]].add(tunnels_of(p["layers"]))
    return {flow: tunnels.pop() for flow, tunnels in seen.items() if len(tunnels) == 1}


def tagged(frame):
    """(EtherType, the rest) behind all VLAN tags."""
    kind, at = struct.unpack_from("!H", frame, 12)[0], 14
    while kind in (0x8100, 0x88a8):
        kind, at = struct.unpack_from("!H", frame, at + 2)[0], at + 4
    return kind, frame[at:]


def frames(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def segment(frame):
    """(proto, (src, sport), (dst, dport), payload, seq, syn), or None."""
    kind, ip = tagged(frame)
    if kind == 0x0800 and ip[0] >> 4 == 4 and not struct.unpack_from("!H", ip, 6)[0] & 0x3fff:
        head, proto, src, dst = (ip[0] & 15) * 4, ip[9], ip[12:16], ip[16:20]
        end = struct.unpack_from("!H", ip, 2)[0]
    elif kind == 0x86dd:
        head, proto, src, dst = 40, ip[6], ip[8:24], ip[24:40]
        end = 40 + struct.unpack_from("!H", ip, 4)[0]
    else:
        return None
    l4 = ip[head:end]
    ends = [(str(ipaddress.ip_address(a)), p) for a, p in zip((src, dst), struct.unpack_from("!HH", l4))] \
        if len(l4) >= 8 else None
    if proto == 17 and ends:
        return "udp", *ends, l4[8:], 0, False
    if proto == 6 and len(l4) >= 20:
        return "tcp", *ends, l4[(l4[12] >> 4) * 4:], struct.unpack_from("!I", l4, 4)[0], bool(l4[13] & 2)
    return None


def streams(path):
    """{(src, dst): bytes} of TCP, segments put in order by their numbers; and datagrams [(n, src, dst, bytes)]."""
    parts, first, datagrams = collections.defaultdict(dict), {}, []
    for n, frame in enumerate(frames(path), 1):
        s = segment(frame)
        if not s:
            continue
        proto, src, dst, payload, seq, syn = s
        if proto == "udp":
            datagrams.append((n, src, dst, payload))
        elif syn:
            first[src, dst] = seq + 1
        elif payload:
            parts[src, dst].setdefault(seq, payload)
    whole = {}
    for key, segments in parts.items():
        at, out = first.get(key), b""
        while at in segments:
            out, at = out + segments[at], (at + len(segments[at])) & 0xffffffff
        whole[key] = out
    return whole, datagrams


class Traffic:
    """flows: {community id: Flow}; values: [Value]; streams: {(flow id, direction): bytes}; datagrams:
    [(flow id, n, direction, bytes)]. Flows whose id comes twice are left out."""

    def __init__(self, sensor, capture):
        rows = dump(sensor, capture, "flows")
        count = collections.Counter(r["community_id"] for r in rows)
        rows = [r for r in rows if count[r["community_id"]] == 1 and "sport" in r]
        tunnels = flows_tunnels(dump(sensor, capture, "packets"))
        self.flows = {r["community_id"]: Flow(r["community_id"], r["proto"], r.get("app"), r["src"], r["dst"],
                                              r["sport"], r["dport"], tunnels.get(r["community_id"])) for r in rows}
        self.values = [Value(r["community_id"], r["n"], r.get("transaction", 0), r["field"], r["direction"],
                             plain(r["value"]))
                       for r in dump(sensor, capture, "fields") if r["community_id"] in self.flows]
        self.streams, self.datagrams = {}, []
        if capture.endswith(".pcap"):
            self.read_payloads(capture, rows)

    def read_payloads(self, capture, rows):
        whole, datagrams = streams(capture)
        ends = {}
        for r in rows:
            client, server = (r["src"], r["sport"]), (r["dst"], r["dport"])
            ends[client, server, r["proto"]] = r["community_id"], "to_server"
            ends[server, client, r["proto"]] = r["community_id"], "to_client"
            for direction, key in (("to_server", (client, server)), ("to_client", (server, client))):
                data = whole.get(key, b"")
                if r["proto"] == "tcp" and data and \
                        hashlib.sha256(data).hexdigest() == r.get(direction + "_sha256"):
                    self.streams[r["community_id"], direction] = data
        for n, src, dst, payload in datagrams:
            if payload and (src, dst, "udp") in ends:
                flow, direction = ends[src, dst, "udp"]
                self.datagrams.append((flow, n, direction, payload))
