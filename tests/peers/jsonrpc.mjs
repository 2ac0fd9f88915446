#!/usr/bin/env node
// A device that answers JSON-RPC where the request's `src` says (Shelly Gen2, SONOFF, Mongoose OS), made with MQTT.js,
// for Roundtrip's tests.
//
// It holds back its answers until it has --hold requests, then gives them in reverse order, with notifications in
// between. Prints "ready FILTER" when subscribed, then one JSON line a request.

import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'

const peers = process.env.ROUNDTRIP_PEERS
  ? new URL(`file://${process.env.ROUNDTRIP_PEERS}/`)
  : new URL('../../target/peers/', import.meta.url)
const mqtt = createRequire(peers)('mqtt')

const { values: args } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string' },
    device: { type: 'string', default: 'shellyplus1-a8032abe' },
    hold: { type: 'string', default: '1' },
    protocol: { type: 'string', default: '3.1.1' },
  },
})
if (!args.port) {
  console.error('usage: jsonrpc.mjs --port PORT [--device NAME] [--hold N] [--protocol 3.1.1|5]')
  process.exit(2)
}
const filter = `${args.device}/rpc`
const held = []
const switches = new Map()

const die = (what) => (err) => {
  console.error(`${what}: ${err.message ?? err}`)
  process.exit(1)
}

// The text of the id is kept: JSON.parse would round what is beyond 2^53.
const idOf = (text) => /"id"\s*:\s*("[^"]*"|-?[0-9.eE+]+)\s*[,}]/.exec(text.replace(/"params"\s*:\s*\{[^}]*\}/, '"params":0'))?.[1]

const answer = ({ text, call }) => {
  const frame = { src: args.device, dst: call.src }
  if (call.method === 'Switch.Set') {
    const { id, on } = call.params
    frame.result = { was_on: switches.get(id) ?? false, channel: id }
    switches.set(id, on)
  } else {
    frame.error = { code: 404, message: `No handler for ${call.method}` }
  }
  return `{"id":${idOf(text)},${JSON.stringify(frame).slice(1)}`
}

const client = mqtt.connect({ host: args.host, port: Number(args.port), protocolVersion: args.protocol === '5' ? 5 : 4, reconnectPeriod: 0 })
client.on('error', die('MQTT error'))
client.on('message', (topic, payload) => {
  const text = payload.toString()
  console.log(JSON.stringify({ topic, payload: text }))
  held.push({ text, call: JSON.parse(text) })
  if (held.length < Number(args.hold)) return
  for (const one of held.splice(0).reverse()) {
    const { src } = one.call
    client.publish(`${src}/rpc`, JSON.stringify({ src: args.device, dst: src, method: 'NotifyStatus', params: { ts: 1 } }))
    client.publish(`${src}/rpc`, answer(one), { qos: 1 })
  }
})
client.on('connect', () => {
  client.subscribe(filter, { qos: 1 }, (err, granted) => {
    if (err) die('subscription refused')(err)
    else if (granted.some(({ qos }) => qos >= 128)) die('subscription refused')(`reason code ${granted[0].qos}`)
    else console.log(`ready ${filter}`)
  })
})

// Never outlive the test that started us.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
