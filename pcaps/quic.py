"""A QUIC server and client for recordings: a page over HTTP/3, by aioquic.

    quic.py serve ADDRESS CERTIFICATE KEY
    quic.py get ADDRESS NAME VERSION        VERSION: 1 or 2
"""
import asyncio
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicProtocolVersion

PORT = 4443
VERSIONS = {"1": QuicProtocolVersion.VERSION_1, "2": QuicProtocolVersion.VERSION_2}


class Http3(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.ended = asyncio.get_running_loop().create_future()

    def quic_event_received(self, event):
        for said in self.http.handle_event(event):
            if isinstance(said, HeadersReceived) and self._quic.configuration.is_client is False:
                self.http.send_headers(said.stream_id, [(b":status", b"200"), (b"server", b"demo")])
                self.http.send_data(said.stream_id, b"A page over HTTP/3.\n", end_stream=True)
                self.transmit()
            elif isinstance(said, (HeadersReceived, DataReceived)) and said.stream_ended and not self.ended.done():
                self.ended.set_result(None)


async def run_server(address, certificate, key):
    config = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN,
                               supported_versions=list(VERSIONS.values()))
    config.load_cert_chain(certificate, key)
    await serve(address, PORT, configuration=config, create_protocol=Http3)
    await asyncio.Future()


async def run_client(address, name, version):
    config = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=name,
                               verify_mode=ssl.CERT_NONE, original_version=VERSIONS[version],
                               supported_versions=[VERSIONS[version]])
    async with connect(address, PORT, configuration=config, create_protocol=Http3) as client:
        stream = client._quic.get_next_available_stream_id()
        client.http.send_headers(stream, [(b":method", b"GET"), (b":scheme", b"https"),
                                          (b":authority", name.encode()), (b":path", b"/")], end_stream=True)
        client.transmit()
        await asyncio.wait_for(client.ended, 10)


if __name__ == "__main__":
    asyncio.run(run_server(*sys.argv[2:]) if sys.argv[1] == "serve" else run_client(*sys.argv[2:]))
