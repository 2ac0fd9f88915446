#!/usr/bin/env python3
"""Devices that do not use MQTT 5's properties, made with paho-mqtt, for Roundtrip's tests.

  --kind zigbee2mqtt   zigbee2mqtt/bridge/request/… answered on …/response/…, `transaction` returned
  --kind tasmota       cmnd/<device>/<command> answered on stat/<device>/RESULT, without any id

It holds back its answers until it has --hold requests, then gives them in the reverse order of the
requests (Tasmota: devices in reverse order, each of them in order, as no device answers out of
order). In between it says things that are no answers. Prints "ready FILTER" when subscribed, then
one JSON line a request. Ends when its standard input is closed.
"""

import argparse
import json
import os
import sys

import paho.mqtt.client as mqtt


def say(line):
    print(line, flush=True)


def die(line):
    """Ends the process, from whichever thread."""
    print(line, file=sys.stderr, flush=True)
    os._exit(1)


def zigbee2mqtt(topic, payload):
    """Topic and payload of the answer, or None."""
    path = topic.split("/bridge/request/", 1)[1]
    reply_topic = f"zigbee2mqtt/bridge/response/{path}"
    asked = json.loads(payload)
    reply = {"data": {}, "status": "ok"}
    if path == "permit_join":
        reply["data"] = {"value": asked["value"], "time": asked.get("time")}
    else:
        reply.update(status="error", error=f"Device '{asked.get('id')}' does not exist")
    if "transaction" in asked:
        reply["transaction"] = asked["transaction"]
    return reply_topic, json.dumps(reply)


def tasmota(topic, payload):
    _, device, command = topic.split("/")
    known = {"Power": "POWER", "Dimmer": "Dimmer"}
    reply = {known[command]: payload} if command in known else {"Command": "Unknown"}
    return f"stat/{device}/RESULT", json.dumps(reply)


def in_reverse(kind, requests):
    if kind == "zigbee2mqtt":
        return list(reversed(requests))
    devices = list(dict.fromkeys(topic.split("/")[1] for topic, _ in requests))
    return [
        one
        for device in reversed(devices)
        for one in requests
        if one[0].split("/")[1] == device
    ]


FILTERS = {"zigbee2mqtt": "zigbee2mqtt/bridge/request/#", "tasmota": "cmnd/+/+"}
ANSWERS = {"zigbee2mqtt": zigbee2mqtt, "tasmota": tasmota}
NOISE = {
    "zigbee2mqtt": ("zigbee2mqtt/bridge/response/permit_join", '{"data":{"value":true},"status":"ok","transaction":"of-somebody-else"}'),
    "tasmota": ("stat/another/RESULT", '{"POWER":"ON"}'),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=list(FILTERS), required=True)
    parser.add_argument("--hold", type=int, default=1, help="answer when there are so many requests")
    parser.add_argument("--protocol", choices=["3.1.1", "5"], default="3.1.1")
    args = parser.parse_args()
    protocol = mqtt.MQTTv311 if args.protocol == "3.1.1" else mqtt.MQTTv5
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"{args.kind}-{os.getpid()}", protocol=protocol)
    held = []

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            die(f"refused by the broker: {reason}")
        client.subscribe(FILTERS[args.kind], qos=1)

    def on_subscribe(_client, _userdata, _mid, reasons, _properties):
        if any(reason.is_failure for reason in reasons):
            die(f"subscription refused: {reasons}")
        say(f"ready {FILTERS[args.kind]}")

    def on_message(client, _userdata, message):
        payload = message.payload.decode()
        say(json.dumps({"topic": message.topic, "payload": payload}))
        held.append((message.topic, payload))
        if len(held) < args.hold:
            return
        for topic, payload in in_reverse(args.kind, held):
            client.publish(*NOISE[args.kind], qos=0)
            client.publish(*ANSWERS[args.kind](topic, payload), qos=0)
        held.clear()

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = on_message
    client.connect(args.host, args.port)
    client.loop_start()
    sys.stdin.read()
    client.disconnect()
    client.loop_stop()


main()
