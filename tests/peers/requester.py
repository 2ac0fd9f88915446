#!/usr/bin/env python3
"""A requester made with paho-mqtt (MQTT 5): one request, one answer, for Roundtrip's tests.

The Correlation Data is all 256 byte values unless given. Prints "ready TOPIC" when the Response
Topic is subscribed, then the first answer as one JSON line. Exit codes: 0 answered, 3 no answer
in time, 1 anything else.
"""

import argparse
import json
import queue
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", required=True, help="topic to send the request to")
    parser.add_argument("--response-topic", required=True)
    parser.add_argument("--payload", default="ping")
    parser.add_argument("--correlation-hex", default=bytes(range(256)).hex())
    parser.add_argument("--qos", type=int, default=1, choices=[0, 1, 2])
    parser.add_argument("--timeout-ms", type=int, default=10_000)
    args = parser.parse_args()
    sent = bytes.fromhex(args.correlation_hex)
    events = queue.Queue()

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="", protocol=mqtt.MQTTv5)
    client.on_connect = lambda _c, _u, _f, reason, _p: events.put(("connected", reason))
    client.on_subscribe = lambda _c, _u, _m, reasons, _p: events.put(("subscribed", reasons[0]))
    client.on_message = lambda _c, _u, message: events.put(("message", message))
    deadline = time.monotonic() + args.timeout_ms / 1000

    def expect(what):
        try:
            kind, value = events.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            print(f"not {what} in time", file=sys.stderr)
            sys.exit(3)
        if kind != what or (kind != "message" and value.is_failure):
            sys.exit(f"waited to be {what}, got {kind}: {value}")
        return value

    client.connect(args.host, args.port)
    client.loop_start()
    expect("connected")
    client.subscribe(args.response_topic, qos=args.qos)
    expect("subscribed")
    print(f"ready {args.response_topic}", flush=True)

    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = args.response_topic
    properties.CorrelationData = sent
    started = time.monotonic()
    client.publish(args.topic, args.payload.encode(), qos=args.qos, properties=properties)
    message = expect("message")
    returned = getattr(message.properties, "CorrelationData", None)
    print(json.dumps({
        "topic": message.topic,
        "payload": message.payload.decode(errors="replace"),
        "payload_hex": message.payload.hex(),
        "correlation_hex": None if returned is None else returned.hex(),
        "intact": returned == sent,
        "content_type": getattr(message.properties, "ContentType", None),
        "user_properties": getattr(message.properties, "UserProperty", []),
        "round_trip_ms": round((time.monotonic() - started) * 1000, 3),
    }), flush=True)
    client.disconnect()
    client.loop_stop()


main()
