#!/usr/bin/python3
"""A VLAN interface in user space: tagger.py NAME PORT TAG[,TAG]

Makes the TAP interface NAME; what is sent into it leaves PORT with the tags in front (outermost
first, each as type:number in the way of 8100:100), and what comes in with just these tags comes
out of it without. It stands in for `ip link add type vlan`, which not every kernel has.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 3, 263, 8, 4
TP_STATUS_VLAN_VALID = 1 << 4
MACS = 12  # destination and source


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.bind((name, 0))
    port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return port


def receive(port):
    """One frame as it was on the wire: the kernel takes the outer tag out and tells it beside."""
    frame, beside, _, sender = port.recvmsg(65536, 128)
    if sender[2] == PACKET_OUTGOING:
        return b""
    for level, kind, data in beside:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, number, tag_type = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return frame[:MACS] + struct.pack("!HH", tag_type, number) + frame[MACS:]
    return frame


def main():
    name, port_name, text = sys.argv[1:]
    pairs = [pair.split(":") for pair in text.split(",")]
    tags = b"".join(struct.pack("!HH", int(kind, 16), int(number)) for kind, number in pairs)
    tap, port = open_tap(name), open_port(port_name)
    while True:
        for source in select.select([tap, port], [], [])[0]:
            if source is tap:
                frame = os.read(tap, 65536)
                port.send(frame[:MACS] + tags + frame[MACS:])
                continue
            frame = receive(port)
            inner = frame[MACS + len(tags):]
            if frame[MACS:MACS + len(tags)] == tags and inner[:2] not in (b"\x81\x00", b"\x88\xa8"):
                os.write(tap, frame[:MACS] + inner)


main()
