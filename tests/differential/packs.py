"""Random indicators about what is in a capture: values taken from it, cut, changed, put in places."""
import string

import oracle
from traffic import TUNNELS

FIRM = set(string.ascii_letters + string.digits + " -_/.:=&?@")
STREAM = {"payload"}
KINDS = ["ipv4", "ipv6", "mpls-bare", *TUNNELS]


def text_of(value):
    """The bytes as a pack can write them, or None."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text and all(ch.isprintable() for ch in text) else None


def changed(rng, value):
    at = rng.randrange(len(value))
    return value[:at] + bytes([value[at] ^ rng.choice((1, 4, 16))]) + value[at + 1:]


def piece(rng, value, most=24):
    size = rng.randint(1, min(most, len(value)))
    at = rng.randrange(len(value) - size + 1)
    return at, value[at:at + size]


def regex_of(rng, bytes_):
    """An expression that matches these bytes, in the part of PCRE that Python's means the same by."""
    out = ""
    for b in bytes_:
        ch = chr(b)
        kind = rng.random()
        if kind < 0.15 and ch.isalnum() and b < 128:
            out += r"[0-9]" if ch.isdigit() else r"[a-zA-Z]"
        elif kind < 0.25 and ch not in "\n":
            out += "."
        else:
            out += ch if ch.isalnum() and b < 128 else f"\\x{b:02x}"
    return out


def literal(rng, field, bytes_):
    text = text_of(bytes_)
    if text and rng.random() < 0.7:
        return {"field": field, "contains": text}
    return {"field": field, "hex": bytes_.hex()}


def positioned(rng, c, at, size, value):
    """Sometimes where it stands, sometimes beside it."""
    shift = rng.choice((0, 0, 0, 1, -1, 3))
    kind = rng.randrange(4)
    if kind == 0:
        c["offset"] = max(0, at - shift)
    elif kind == 1:
        c["depth"] = max(size, at + size + shift)
    elif kind == 2:
        c["offset"] = max(0, at - rng.randint(0, 3))
        c["depth"] = max(size, at + size - c["offset"] + shift)
    else:
        left = len(value) - at - size
        c["after"] = rng.choice(({"max": max(0, left + shift)}, {"min": max(0, left + shift)}))
    return c


def group(rng, field, value):
    """Two or three pieces of one value, one behind the other."""
    at, first = piece(rng, value, 8)
    out, end = [literal(rng, field, first)], at + len(first)
    for _ in range(rng.randint(1, 2)):
        rest = value[end:]
        if not rest:
            break
        gap, part = piece(rng, rest[:60], 6)
        c = literal(rng, field, changed(rng, part) if rng.random() < 0.2 else part)
        if rng.random() < 0.7:
            c["distance"] = max(-4, gap - rng.randint(0, 4))
        if rng.random() < 0.6:
            c["within"] = max(len(part), gap + len(part) - c.get("distance", 0) + rng.choice((0, 0, 2, -1)))
        if "distance" not in c and "within" not in c:
            c["same"] = True
        # of a stream what has not come yet is waited for within a bound
        if rng.random() < 0.15 and ("within" in c or field not in STREAM):
            c["not"] = True
        elif "same" not in c:
            end += gap + len(part)
        out.append(c)
        if "not" in c or "same" in c:
            break
    return out


def single(rng, field, value):
    kind = rng.random()
    if field in STREAM:
        return literal(rng, field, piece(rng, value, 40)[1])
    text = text_of(value)
    if kind < 0.15 and text and len(text) < 200:
        return {"field": field, "equals": text}
    if kind < 0.25 and text:
        size = rng.randint(1, min(20, len(text)))
        return {"field": field, "starts": text[:size]} if rng.random() < 0.5 else {"field": field, "ends": text[-size:]}
    if kind < 0.35:
        return {"field": field, "length": rng.choice(({"min": len(value)}, {"max": len(value) - 1}, len(value)))}
    if kind < 0.4 and value.isdigit() and len(value) < 10:
        return {"field": field, "number": {"min": max(0, int(value) - rng.randint(0, 2)), "max": int(value)}}
    if kind < 0.55:
        regex = regex_of(rng, piece(rng, value, 12)[1])
        return {"field": field, "regex": regex}
    at, part = piece(rng, value)
    c = literal(rng, field, part)
    return positioned(rng, c, at, len(part), value) if rng.random() < 0.4 else c


def conditions(rng, field, value):
    if rng.random() < 0.12:
        value = changed(rng, value)
    if rng.random() < 0.25 and len(value) > 4:
        return group(rng, field, value)
    c = single(rng, field, value)
    kind = rng.random()
    if kind < 0.2 and any(k in c for k in ("contains", "starts", "ends", "equals", "regex")):
        c["nocase"] = True
    elif kind < 0.32 and field not in STREAM:
        c["not"] = True
    elif kind < 0.36 and field not in STREAM:
        return [{"field": field, "absent": True}]
    return [c]


def tunnel(rng, tunnels):
    """Often one that the flow is in, if it is in any."""
    if rng.random() < 0.3:
        return rng.random() < 0.5
    names = [rng.choice(sorted(tunnels)) if tunnels and rng.random() < 0.6 else rng.choice(KINDS)
             for _ in range(rng.randint(1, 3))]
    wanted = set(rng.sample(names, rng.randint(0, len(names))))
    return [name if name in wanted else "!" + name for name in dict.fromkeys(names)]


def where(rng, flow, groups):
    pairs = [("proto", flow.proto), ("port", flow.server_port), ("client", flow.client), ("server", flow.server)]
    if groups == 1:  # of several, the packet counts at which the last one holds
        pairs.append(("direction", rng.choice(("to_server", "to_client"))))
    if flow.app:
        pairs.append(("app", flow.app))
    if flow.tunnels is not None:
        pairs.append(("tunnel", tunnel(rng, flow.tunnels)))
    return dict(rng.sample(pairs, rng.randint(1, 2)))


def indicator(rng, traffic, id_):
    """A random indicator; None where the dice gave none that can be said."""
    things = [("payload", data, flow) for (flow, _), data in traffic.streams.items() if data]
    things += [("payload", data, flow) for flow, _, _, data in traffic.datagrams]
    chosen, match = rng.choice(traffic.values) if traffic.values else None, []
    if things and (not chosen or rng.random() < 0.25):
        field, value, flow = rng.choice(things)
        value = value[:2000]
        match += conditions(rng, field, value)
    if chosen and (not match or rng.random() < 0.2):
        flow = chosen.flow
        near = [v for v in traffic.values if v.flow == flow and v.bytes and
                (v.transaction == chosen.transaction or rng.random() < 0.1)]
        for v in rng.sample(near, min(len(near), rng.choice((1, 1, 2, 3)))):
            match += conditions(rng, v.field, v.bytes)
    if not match or all("absent" in c for c in match):
        return None
    out = {"id": id_, "match": match}
    scope = rng.choice(("transaction", "transaction", "flow", "packet"))
    if scope != "transaction" and not (scope == "packet" and any(c["field"] in STREAM for c in match)):
        out["scope"] = scope
    if rng.random() < 0.25:
        plain = all("not" not in c and "absent" not in c for c in match)
        groups = len(oracle.groups_of(match)) if plain else 0
        out["where"] = where(rng, traffic.flows[flow], groups)
    return out


def pack(rng, traffic, n):
    found = [indicator(rng, traffic, f"i{i}") for i in range(n)]
    return {"selat": 1, "pack": "test/random", "version": 1, "author": "test", "tlp": "TLP:CLEAR",
            "indicators": [i for i in found if i]}
