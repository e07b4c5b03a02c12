"""GStreamer's RTSP server for tests and benches: an independent peer. One JSON argument says what it serves; it prints
`ready PORT`, and ends when its standard input does, so that it never outlives its test."""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ROLE = "viewer"
PROTOCOLS = {
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
    "both": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
}


def tell_times(_factory, media):
    """A parser named `loop` knows only decoding times of a bare stream; without B pictures they are the others too."""
    parser = media.get_element().get_by_name("loop")
    if parser:
        parser.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, show_when_decoded)


def show_when_decoded(_pad, info):
    buffer = info.get_buffer()
    buffer.pts = buffer.dts
    return Gst.PadProbeReturn.OK


def factory_of(stream, guarded):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(stream["launch"])
    factory.set_shared(stream.get("shared", False))
    factory.set_protocols(PROTOCOLS[stream.get("protocols", "both")])
    factory.connect("media-configure", tell_times)
    if guarded:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(ROLE, "media.factory.access", True)
        permissions.add_permission_for_role(ROLE, "media.factory.construct", True)
        factory.set_permissions(permissions)
    return factory


def auth_of(config):
    auth = GstRtspServer.RTSPAuth()
    sign_in = config.get("signIn")
    if sign_in:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", ROLE)
        if sign_in["kind"] == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(sign_in["user"], sign_in["password"], token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(sign_in["user"], sign_in["password"]), token)
    else:
        anonymous = GstRtspServer.RTSPToken()
        anonymous.set_string("media.factory.role", ROLE)
        auth.set_default_token(anonymous)
    if config.get("tls"):
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(config["tls"]))
    return auth


def main():
    config = json.loads(sys.argv[1])
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(config.get("port", 0)))
    guarded = bool(config.get("signIn") or config.get("tls"))
    if guarded:
        server.set_auth(auth_of(config))
    mounts = server.get_mount_points()
    for stream in config["streams"]:
        mounts.add_factory(stream["path"], factory_of(stream, guarded))
    loop = GLib.MainLoop()
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print(f"ready {server.get_bound_port()}", flush=True)
    # Sessions of clients that went away would keep their pipelines running.
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() >= 0)
    loop.run()


main()
