#!/usr/bin/env node
// A responder made with MQTT.js (MQTT 5), well-behaved or not, for Roundtrip's tests.
//
// The same command line and the same output as responder.py. MQTT.js is looked for in
// target/peers, where scripts/test installs it, or where ROUNDTRIP_PEERS says.

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
    topic: { type: 'string' },
    mode: { type: 'string', default: 'echo' },
    'delay-ms': { type: 'string', default: '0' },
    qos: { type: 'string', default: '1' },
    retain: { type: 'boolean', default: false },
  },
})
const qos = Number(args.qos)
const delay = Number(args['delay-ms']) || (args.mode === 'late' ? 1500 : 0)

// The Correlation Data of each reply to send; null means: the property is left out.
const replies = {
  echo: (correlation) => [correlation],
  'wrong-correlation': (correlation) => [Buffer.concat([Buffer.from('wrong:'), correlation ?? Buffer.of()])],
  'missing-correlation': () => [null],
  doubled: (correlation) => [correlation, correlation],
  late: (correlation) => [correlation],
  silent: () => [],
}[args.mode]
if (!args.port || !args.topic || !replies) {
  console.error('usage: responder.mjs --port PORT --topic FILTER [--mode echo|wrong-correlation|missing-correlation|doubled|late|silent]')
  process.exit(2)
}

const die = (what) => (err) => {
  console.error(`${what}: ${err.message ?? err}`)
  process.exit(1)
}

const client = mqtt.connect({ host: args.host, port: Number(args.port), protocolVersion: 5, reconnectPeriod: 0 })
client.on('error', die('MQTT error'))
client.on('message', (topic, payload, packet) => {
  const { responseTopic, correlationData, contentType, userProperties } = packet.properties ?? {}
  console.log(JSON.stringify({
    topic,
    payload_hex: payload.toString('hex'),
    response_topic: responseTopic ?? null,
    correlation_hex: correlationData?.toString('hex') ?? null,
    content_type: contentType ?? null,
    user_properties: Object.entries(userProperties ?? {}),
  }))
  if (responseTopic === undefined) return
  const answer = () => {
    for (const data of replies(correlationData ?? null)) {
      const properties = { userProperties: { responder: 'mqttjs' } }
      if (data !== null) properties.correlationData = data
      client.publish(responseTopic, payload, { qos, retain: args.retain, properties })
    }
  }
  if (delay) setTimeout(answer, delay)
  else answer()
})
client.on('connect', () => {
  client.subscribe(args.topic, { qos }, (err, granted) => {
    if (err) die('subscription refused')(err)
    else if (granted.some(({ qos }) => qos >= 128)) die('subscription refused')(`reason code ${granted[0].qos}`)
    else console.log(`ready ${args.topic}`)
  })
})

// Never outlive the test that started us.
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
