#!/usr/bin/env python3
"""A responder made with paho-mqtt (MQTT 5), well-behaved or not, for Roundtrip's tests.

Prints "ready FILTER" when subscribed, then one JSON line a request. Ends when its standard
input is closed, so that it never outlives the test that started it.
"""

import argparse
import json
import os
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MODES = ["echo", "wrong-correlation", "missing-correlation", "doubled", "late", "silent"]


def say(line):
    print(line, flush=True)


def die(line):
    """Ends the process, from whichever thread."""
    print(line, file=sys.stderr, flush=True)
    os._exit(1)


def replies(mode, correlation):
    """The Correlation Data of each reply to send; None means: the property is left out."""
    if mode == "silent":
        return []
    if mode == "missing-correlation":
        return [None]
    if mode == "wrong-correlation":
        return [b"wrong:" + (correlation or b"")]
    if mode == "doubled":
        return [correlation, correlation]
    return [correlation]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", required=True, help="topic filter to listen to")
    parser.add_argument("--mode", choices=MODES, default="echo")
    parser.add_argument("--delay-ms", type=int, default=0, help="wait before each answer (mode late: 1500)")
    parser.add_argument("--qos", type=int, default=1, choices=[0, 1, 2])
    parser.add_argument("--retain", action="store_true", help="answer with retained messages")
    args = parser.parse_args()
    delay = (args.delay_ms or (1500 if args.mode == "late" else 0)) / 1000

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="", protocol=mqtt.MQTTv5)

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            die(f"refused by the broker: {reason}")
        client.subscribe(args.topic, qos=args.qos)

    def on_subscribe(_client, _userdata, _mid, reasons, _properties):
        if any(reason.is_failure for reason in reasons):
            die(f"subscription refused: {reasons}")
        say(f"ready {args.topic}")

    def on_message(client, _userdata, message):
        asked = message.properties
        topic = getattr(asked, "ResponseTopic", None)
        correlation = getattr(asked, "CorrelationData", None)
        say(json.dumps({
            "topic": message.topic,
            "payload_hex": message.payload.hex(),
            "response_topic": topic,
            "correlation_hex": None if correlation is None else correlation.hex(),
            "content_type": getattr(asked, "ContentType", None),
            "user_properties": getattr(asked, "UserProperty", []),
        }))
        if topic is None:
            return

        def answer():
            for data in replies(args.mode, correlation):
                properties = Properties(PacketTypes.PUBLISH)
                properties.UserProperty = [("responder", "paho")]
                if data is not None:
                    properties.CorrelationData = data
                client.publish(topic, message.payload, qos=args.qos, retain=args.retain, properties=properties)

        if delay:
            timer = threading.Timer(delay, answer)
            timer.daemon = True
            timer.start()
        else:
            answer()

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = on_message
    client.connect(args.host, args.port)
    client.loop_start()
    sys.stdin.read()
    client.disconnect()
    client.loop_stop()


main()
