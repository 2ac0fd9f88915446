#!/usr/bin/env python3
"""A request loop made with paho-mqtt, as `roundtrip bench --peer` runs it: see docs/performance.md.

TCP_NODELAY, one network thread (paho's own), Correlation Data looked up in a dictionary. Prints one line of JSON.
"""

import json
import os
import socket
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

HOST, PORT = os.environ["BENCH_HOST"], int(os.environ["BENCH_PORT"])
TOPIC, RESPONSE_TOPIC = os.environ["BENCH_TOPIC"], os.environ["BENCH_RESPONSE_TOPIC"]
QOS, IN_FLIGHT = int(os.environ["BENCH_QOS"]), int(os.environ["BENCH_IN_FLIGHT"])
SECONDS, PAYLOAD = float(os.environ["BENCH_SECONDS"]), os.environ["BENCH_PAYLOAD"].encode()

ready, ended = threading.Event(), threading.Event()
waiting, times = {}, []
number, until, started = 0, None, None


def ask(client):
    global number
    number += 1
    data = number.to_bytes(16, "big")
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = RESPONSE_TOPIC
    properties.CorrelationData = data
    waiting[data] = time.perf_counter()
    client.publish(TOPIC, PAYLOAD, qos=QOS, properties=properties)


def on_message(client, _userdata, message):
    now = time.perf_counter()
    sent = waiting.pop(getattr(message.properties, "CorrelationData", None), None)
    if sent is None:
        return
    if until is not None:
        times.append(now - sent)
        if now >= until:
            if not waiting:
                ended.set()
            return
        ask(client)
    else:
        ready.set()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="", protocol=mqtt.MQTTv5)
client.max_inflight_messages_set(1000)
client.on_connect = lambda c, *_: c.subscribe(RESPONSE_TOPIC, qos=QOS)
client.on_subscribe = lambda *_: ready.set()
client.on_message = on_message
client.on_socket_open = lambda _c, _u, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
client.connect(HOST, PORT)
client.loop_start()
if not ready.wait(10):
    raise SystemExit("no SUBACK within 10 s")
for _ in range(100):
    ready.clear()
    ask(client)
    if not ready.wait(10):
        raise SystemExit("no answer within 10 s")
started = time.perf_counter()
until = started + SECONDS
for _ in range(IN_FLIGHT):
    ask(client)
if not ended.wait(SECONDS + 10):
    raise SystemExit("not everything was answered")
elapsed = time.perf_counter() - started
client.disconnect()
client.loop_stop()
times.sort()
print(json.dumps({
    "answers": len(times),
    "per_sec": len(times) / elapsed,
    "median_us": times[len(times) // 2] * 1e6,
    "p99_us": times[len(times) * 99 // 100] * 1e6,
}))
