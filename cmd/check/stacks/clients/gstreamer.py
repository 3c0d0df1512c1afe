"""GStreamer's webrtcbin over libnice."""

import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

from lines import orders, say  # noqa: E402

Gst.init(None)
SENDING = """
webrtcbin name=w bundle-policy=max-bundle
audiotestsrc is-live=true ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=111
  ! application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111 ! w.sink_0
videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1 keyframe-max-dist=15
  ! rtpvp8pay pt=96 ! application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96 ! w.sink_1
"""
SEAT = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111",
    "video": "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96",
}
count = {"audio": 0, "video": 0}
pipeline = Gst.parse_launch(SENDING)
web = pipeline.get_by_name("w")
ice = web.get_property("ice-agent")


def prepare():
    for address in ("127.0.0.1", "::1"):  # libnice sends from no other to these
        ice.emit("add-local-ip-address", address)
    for i in range(2):
        web.emit("get-transceiver", i).set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
    for caps in SEAT.values():
        web.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))


def on_pad(_, pad):
    """Counts what comes out of webrtcbin and throws it away."""
    if pad.direction != Gst.PadDirection.SRC:
        return
    kind = pad.get_current_caps().get_structure(0).get_string("media")

    def seen(*_):
        count[kind] += 1
        return Gst.PadProbeReturn.OK

    pad.add_probe(Gst.PadProbeType.BUFFER, seen)
    sink = Gst.ElementFactory.make("fakesink")
    sink.set_property("sync", False)
    pipeline.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))


def wait(signal, *args):
    """Emits a signal of webrtcbin that takes a promise, and waits for it."""
    promise = Gst.Promise.new()
    web.emit(signal, *args, promise)
    promise.wait()
    return promise


def offer(options=None):
    made = wait("create-offer", options)
    reply = made.get_reply()  # owns the description, and is owned by the promise
    wait("set-local-description", reply.get_value("offer"))
    for _ in range(100):
        if web.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            break
        threading.Event().wait(0.05)
    return {"sdp": web.get_property("local-description").sdp.as_text()}


def answer(sdp):
    _, message = GstSdp.SDPMessage.new_from_text(sdp)
    wait("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message))
    for line in sdp.splitlines():  # not taken from there by webrtcbin 1.22
        if line.startswith("a=candidate:"):
            web.emit("add-ice-candidate", 0, line[2:])
    return {}


def do(order):
    if order["do"] == "offer":
        return offer()
    if order["do"] == "restart":
        options = Gst.Structure.new_empty("options")
        options.set_value("ice-restart", True)
        return offer(options)
    if order["do"] == "answer":
        return answer(order["sdp"])
    return count


prepare()
web.connect("pad-added", on_pad)
threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
pipeline.set_state(Gst.State.PLAYING)
say(version=Gst.version_string() + ", libnice")
for o in orders():
    try:
        say(**do(o))
    except Exception as error:  # told, whatever it is
        say(error=repr(error))
pipeline.set_state(Gst.State.NULL)
