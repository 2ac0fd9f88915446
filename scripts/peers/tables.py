#!/usr/bin/env python3
"""Markdown tables from what `roundtrip bench` printed: with peers, and, where there is one, in a window."""

import json
import os
import sys

LABELS = {"bare": "bare rumqttc", "roundtrip": "**Roundtrip**"}


def number(value, digits=0):
    # Whoever starts a process for every request has no median of round trips.
    return "–" if not value else f"{value:,.{digits}f}"


def rows(figures, column):
    """Peers from fast to slow, each with its ratio to the bare loop."""
    bare = figures["bare"][column]
    sides = [(name, side) for name, side in figures.items() if isinstance(side, dict)]
    for name, side in sorted(sides, key=lambda one: -(one[1]["per_sec"] or 0)):
        yield name, side, (side[column] or 0) / bare


def table(titles, lines):
    print("| " + " | ".join(titles) + " |")
    print("|" + " --- |" + " ---: |" * (len(titles) - 1))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def main():
    every = json.load(open(sys.argv[1]))
    machine, method = every["machine"], every["method"]
    print(f"{machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('memory_mb', 0) // 1024} GB, {machine.get('system')}; ", end="")
    print(f"{every['broker']}; {every['versions']['rumqttc']}; {method['rounds']} turns of {method['seconds_per_turn']:g} s each.\n")

    for qos in ("qos0", "qos1"):
        figures = every.get("round_trips", {}).get(qos)
        if figures:
            print(f"One request after the other, QoS {qos[-1]}:\n")
            table(["", "median", "p99", "a second", "median to bare"], (
                [LABELS.get(name, name), f"{number(side['median_us'], 1)} µs", f"{number(side['p99_us'], 1)} µs",
                 number(side["per_sec"]),
                 number(every['rtt_ratio' + ('' if qos == 'qos0' else '_qos1')] if name == 'roundtrip' else ratio, 2)]
                for name, side, ratio in rows(figures, "median_us")))
    for qos in ("qos0", "qos1"):
        figures = every.get("throughput", {}).get(qos)
        if figures:
            print(f"100 requests on their way, QoS {qos[-1]}:\n")
            table(["", "exchanges a second", "to bare"], (
                [LABELS.get(name, name), number(side["per_sec"]),
                 f"{every['throughput_ratio' + ('' if qos == 'qos0' else '_qos1')] if name == 'roundtrip' else ratio:,.2f}"]
                for name, side, ratio in rows(figures, "per_sec")))

    print("Frames (UI code and tessellation), ms:\n")
    lines = [[scene, number(one["p50_ms"], 2), number(one["p99_ms"], 2), number(one["max_ms"], 2), "–"]
             for scene, one in every.get("frames", {}).items()]
    if len(sys.argv) > 2 and os.path.exists(sys.argv[2]) and os.path.getsize(sys.argv[2]) > 0:
        window = json.load(open(sys.argv[2]))
        lines += [[f"{scene}, in a window (UI code)", number(one["p50_ms"], 2), number(one["p99_ms"], 2),
                   number(one["max_ms"], 2), number(one["raster_p50_ms"], 1)]
                  for scene, one in window.get("frames", {}).items()]
    table(["", "p50", "p99", "max", "rasterising p50"], lines)

    if "ingest_per_sec" in every:
        ingest = every["ingest"]
        print(f"Ingest: {number(every['ingest_per_sec'])} messages a second, {number(ingest['sent'])} sent, "
              f"{number(every['ingest_lost'])} lost.  ")
    if "bytes_per_exchange" in every:
        print(f"Memory: {number(every['bytes_per_exchange'])} bytes an exchange beyond payloads and topics, "
              f"with {number(every['memory']['exchanges'])} exchanges.")


main()
