"""A device that knows no MQTT: signs up, sends data, answers PING, holds answers back and shuffles them.

Usage: tcp_device.py PORT DEVICE
"""

import json
import socket
import sys

port, device = int(sys.argv[1]), sys.argv[2]
connection = socket.create_connection(("127.0.0.1", port))


def send(**message):
    connection.sendall(json.dumps({"device_id": device, **message}, ensure_ascii=False).encode())


def execute(command):
    return "PONG" if command == "PING" else "ERROR_UNKNOWN_COMMAND"


send(message_type="SIGNUP")
send(message_type="DATA", temp=23.6, place="Küche")
send(message_type="DATA", lat=48.015722, lng=-88.625528)

decoder = json.JSONDecoder()
text, held = "", []
while True:
    chunk = connection.recv(4096)
    if not chunk:
        break
    text += chunk.decode()
    while text := text.lstrip():
        try:
            command, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            break
        text = text[end:]
        held.append(command)
    # The last one first, all in one packet.
    if len(held) >= 5:
        answers = b""
        for command in reversed(held):
            result = execute(command.get("command"))
            answer = {"device_id": device, "message_type": "COMMAND_RESP", "command_result": result, **command}
            answers += json.dumps(answer).encode()
        connection.sendall(answers)
        held = []
