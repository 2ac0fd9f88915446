// A request loop made with MQTT.js, as `roundtrip bench --peer` runs it: see docs/performance.md.
// TCP_NODELAY (Node's default for a client is off), Correlation Data looked up in a map. Prints one line of JSON.
import { createRequire } from 'node:module'

// Where scripts/performance has installed it.
const require = createRequire(`${process.env.PEERS_MODULES ?? process.cwd()}/`)
const mqtt = require('mqtt')

const { BENCH_HOST: host, BENCH_PORT: port, BENCH_TOPIC: topic, BENCH_RESPONSE_TOPIC: responseTopic } = process.env
const qos = Number(process.env.BENCH_QOS)
const inFlight = Number(process.env.BENCH_IN_FLIGHT)
const seconds = Number(process.env.BENCH_SECONDS)
const payload = Buffer.from(process.env.BENCH_PAYLOAD)

const client = mqtt.connect({ protocol: 'mqtt', host, port: Number(port), protocolVersion: 5, reconnectPeriod: 0 })
client.on('error', (err) => { console.error(err.message); process.exit(1) })
const waiting = new Map()
const times = []
let number = 0
let answered = () => {}

function ask () {
  const correlationData = Buffer.alloc(16)
  correlationData.writeUInt32BE(++number, 12)
  waiting.set(correlationData.toString('latin1'), performance.now())
  client.publish(topic, payload, { qos, properties: { responseTopic, correlationData } })
}

client.on('message', (_topic, _payload, packet) => {
  const now = performance.now()
  const key = packet.properties?.correlationData?.toString('latin1')
  const sent = waiting.get(key)
  if (sent === undefined) return
  waiting.delete(key)
  answered(now, now - sent)
})

await new Promise((resolve) => client.on('connect', resolve))
client.stream.setNoDelay?.(true)
await new Promise((resolve, reject) => client.subscribe(responseTopic, { qos }, (err) => err ? reject(err) : resolve()))
for (let turn = 0; turn < 300; turn++) {
  await new Promise((resolve) => { answered = resolve; ask() })
}
const started = performance.now()
const until = started + seconds * 1000
const elapsed = await new Promise((resolve) => {
  answered = (now, took) => {
    times.push(took)
    if (now < until) ask()
    else if (waiting.size === 0) resolve(now - started)
  }
  for (let one = 0; one < inFlight; one++) ask()
})
times.sort((a, b) => a - b)
console.log(JSON.stringify({
  answers: times.length,
  per_sec: times.length / elapsed * 1000,
  median_us: times[Math.floor(times.length / 2)] * 1000,
  p99_us: times[Math.floor(times.length * 0.99)] * 1000
}))
client.end(true, {}, () => process.exit(0))
