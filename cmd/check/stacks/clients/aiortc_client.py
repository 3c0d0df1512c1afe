"""aiortc: WebRTC in Python (aioice, OpenSSL, libsrtp)."""

import asyncio
import json
import sys

import aiortc
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from lines import say


async def main():
    # Without a list of its own it asks a STUN server of the Internet.
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver(AudioStreamTrack(), direction="sendonly")
    pc.addTransceiver(VideoStreamTrack(), direction="sendonly")
    receivers = {kind: pc.addTransceiver(kind, direction="recvonly").receiver for kind in ("audio", "video")}

    async def received(receiver):
        stats = await receiver.getStats()
        return sum(s.packetsReceived for s in stats.values() if s.type == "inbound-rtp")

    async def do(order):
        if order["do"] == "offer":
            await pc.setLocalDescription(await pc.createOffer())  # gathers
            # With one number for two header extensions, audio level and abs-send-time,
            # which is against RFC 8843 §9: the answer leaves one of them out.
            return {"sdp": pc.localDescription.sdp}
        if order["do"] == "answer":
            await pc.setRemoteDescription(RTCSessionDescription(order["sdp"], "answer"))
            return {}
        if order["do"] == "stats":
            return {kind: await received(r) for kind, r in receivers.items()}
        raise NotImplementedError(f"this stack can not {order['do']}")

    say(version=f"aiortc {aiortc.__version__}")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        try:
            say(**await do(json.loads(line)))
        except Exception as error:  # told, whatever it is
            say(error=repr(error))
    await pc.close()


asyncio.run(main())
