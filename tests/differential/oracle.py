"""The plain matcher: what docs/rules.md says, in the slowest and shortest way. An indicator is the JSON of a
pack; what comes back is how often it holds in each flow."""
import collections
import hashlib
import re
import urllib.parse

NAMES = {"dns.query", "dns.response.rrname", "dns.answers.rrname", "dns.authorities.rrname",
         "dns.additionals.rrname", "tls.sni", "http.host", "tls.subjectaltname"}
OPS = ("equals", "contains", "starts", "ends", "regex", "hex", "in", "length", "number")
TRANSFORMS = {
    "to_md5": lambda v: hashlib.md5(v).digest(),
    "to_sha1": lambda v: hashlib.sha1(v).digest(),
    "to_sha256": lambda v: hashlib.sha256(v).digest(),
    "to_lowercase": bytes.lower,
    "to_uppercase": bytes.upper,
    "dotprefix": lambda v: b"." + v,
    "strip_whitespace": lambda v: bytes(b for b in v if b not in b" \t\n\v\f\r"),
    "url_decode": lambda v: urllib.parse.unquote_to_bytes(v.replace(b"+", b" ")),
}


def in_range(n, bounds):
    if isinstance(bounds, int):
        return n == bounds
    return bounds.get("min", n) <= n <= bounds.get("max", n)


def pattern_of(c):
    """(a regular expression over bytes, must it be the whole value)"""
    for op in ("equals", "contains", "starts", "ends"):
        if op in c:
            return re.escape(c[op].encode())
    if "hex" in c:
        return re.escape(bytes.fromhex(c["hex"]))
    return c["regex"].encode()


def places(c, value, end):
    """Where a literal or expression stands in the value: (begin, end), as its position allows."""
    nocase = c.get("nocase") or c["field"] in NAMES
    at = re.compile(pattern_of(c), re.I if nocase else 0)
    low, high = c.get("offset", 0), len(value)
    if "depth" in c:
        high = min(high, low + c["depth"])
    if "distance" in c or "within" in c:
        low = max(low, end + c.get("distance", 0))
        if "within" in c:
            high = min(high, end + c.get("distance", 0) + c["within"])
    for begin in range(max(low, 0), len(value) + 1):
        m = at.match(value, begin)
        if not m or m.end() > high:
            continue
        if not in_range(len(value) - m.end(), c.get("after", {})):
            continue
        if ("starts" in c or "equals" in c) and begin:
            continue
        if ("ends" in c or "equals" in c) and m.end() != len(value):
            continue
        yield begin, m.end()


def holds_on(group, value, end=0):
    """Does the group hold on this value, from its first condition on, with the one before ended at `end`?"""
    if not group:
        return True
    c, rest = group[0], group[1:]
    if "length" in c or "number" in c or "in" in c:
        if "length" in c:
            found = in_range(len(value), c["length"])
        elif "number" in c:
            found = bool(re.fullmatch(rb"[0-9]+", value)) and in_range(int(value), c["number"])
        else:
            want = [v.lower() for v in c["list"]] if c.get("nocase") or c["field"] in NAMES else c["list"]
            found = (value.lower() if c.get("nocase") or c["field"] in NAMES else value) in want
        return found != bool(c.get("not")) and holds_on(rest, value, end)
    if c.get("not"):
        return not any(True for _ in places(c, value, end)) and holds_on(rest, value, end)
    return any(holds_on(rest, value, after) for _, after in places(c, value, end))


def groups_of(match):
    groups = []
    for c in match:
        if groups and (c.get("same") or "distance" in c or "within" in c):
            groups[-1].append(c)
        else:
            groups.append([c])
    return groups


def transformed(group, value):
    for name in group[0].get("transform", ()):
        value = TRANSFORMS[name](value)
    return value


def group_holds(group, values):
    """values: of its field, in one scope."""
    if group[0].get("absent"):
        return not values
    if len(group) == 1 and group[0].get("not"):
        positive = [{k: v for k, v in group[0].items() if k != "not"}]
        return bool(values) and not any(holds_on(positive, transformed(group, v)) for v in values)
    return any(holds_on(group, transformed(group, v)) for v in values)


def tunnel_fits(want, tunnels):
    if isinstance(want, bool):
        return want == bool(tunnels - {"nsh", "mpls", "mpls-bare", "wlan"})
    names = [want] if isinstance(want, str) else want
    wanted = {name for name in names if name[0] != "!"}
    return (not wanted or bool(wanted & tunnels)) and not {name[1:] for name in names if name[0] == "!"} & tunnels


def where_fits(where, flow, direction):
    if "tunnel" in where and not tunnel_fits(where["tunnel"], flow.tunnels):
        return False
    return (where.get("direction", direction) == direction and where.get("proto", flow.proto) == flow.proto
            and where.get("app", flow.app) == flow.app and where.get("port", flow.server_port) == flow.server_port
            and where.get("client_port", flow.client_port) == flow.client_port
            and where.get("client", flow.client) == flow.client and where.get("server", flow.server) == flow.server)


def scopes_of(indicator, traffic):
    """{(flow, scope): {field: [bytes]}} of what `where` lets through."""
    fields = {c["field"] for c in indicator["match"]}
    scope = indicator.get("scope", "transaction")
    if scope == "transaction" and "payload" in fields and len(fields) > 1:
        scope = "flow"
    where, out = indicator.get("where", {}), collections.defaultdict(lambda: collections.defaultdict(list))

    def put(flow, key, field, direction, value):
        if where_fits(where, traffic.flows[flow], direction):
            out[flow, {"flow": 0, "packet": key[0], "transaction": key[1]}[scope]][field].append(value)

    for v in traffic.values:
        put(v.flow, (v.n, ("transaction", v.transaction)), v.field, v.direction, v.bytes)
    for (flow, direction), data in traffic.streams.items():
        put(flow, (0, "stream"), "payload", direction, data)
    for flow, n, direction, data in traffic.datagrams:
        put(flow, (n, ("datagram", n)), "payload", direction, data)
    return out


def alerts(indicator, traffic):
    """How often the indicator holds in each flow."""
    groups, found = groups_of(indicator["match"]), collections.Counter()
    for (flow, _), fields in scopes_of(indicator, traffic).items():
        if all(group_holds(g, fields.get(g[0]["field"], ())) for g in groups):
            found[flow] += 1
    return found
