// What @clickhouse/client users do, against AIVIEWS_TEST_PORT with AIVIEWS_TEST_TOKEN. Exits 0 if all of it works.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const { createClient } = createRequire(process.env.AIVIEWS_TEST_CLIENTS + '/')('@clickhouse/client')
const url = `http://127.0.0.1:${process.env.AIVIEWS_TEST_PORT}`
const client = createClient({ url, password: process.env.AIVIEWS_TEST_TOKEN })
const odd = ['', "'", '\\', '\\N', '\t\n\r', '{x:String}', '`"?;--', 'żółć 😀']

assert.equal((await client.ping()).success, true)
await client.command({ query: 'CREATE DATABASE node' })
await client.command({ query: 'CREATE TABLE node.entry (id UInt32, name String) ENGINE = MergeTree ORDER BY id' })

const rows = odd.map((name, id) => ({ id, name }))
await client.insert({ table: 'node.entry', values: rows, format: 'JSONEachRow' })
const found = await client.query({ query: 'SELECT * FROM node.entry ORDER BY id', format: 'JSONEachRow' })
assert.deepEqual(await found.json(), rows)

for (const name of odd) {
  const echoed = await client.query({
    query: 'SELECT {name:String} AS name, {ids:Array(UInt8)} AS ids',
    query_params: { name, ids: [1, 2] },
    format: 'JSONEachRow',
  })
  assert.deepEqual(await echoed.json(), [{ name, ids: [1, 2] }])
}

const whole = await client.query({ query: 'SELECT 1 AS one', clickhouse_settings: { max_threads: 1 } })
assert.equal((await whole.json()).data[0].one, 1)

let count = 0
const stream = await client.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONCompactEachRow' })
for await (const batch of stream.stream()) count += batch.length
assert.equal(count, 300_000)

await assert.rejects(client.query({ query: 'SELECT * FROM nowhere' }), { code: '60' })
await assert.rejects(client.command({ query: 'SELEC 1' }), { code: '62' })
await assert.rejects(createClient({ url, password: 'wrong' }).query({ query: 'SELECT 1' }), { code: '516' })

const compressing = createClient({ url, password: process.env.AIVIEWS_TEST_TOKEN, compression: { request: true } })
await compressing.insert({ table: 'node.entry', values: [{ id: 99, name: 'gzip' }], format: 'JSONEachRow' })
const last = await client.query({ query: 'SELECT max(id) AS id FROM node.entry', format: 'JSONEachRow' })
assert.deepEqual(await last.json(), [{ id: 99 }])

const session = createClient({ url, password: process.env.AIVIEWS_TEST_TOKEN, session_id: 'node', max_open_connections: 1 })
await session.command({ query: 'CREATE TEMPORARY TABLE kept (a UInt8)' })
await session.command({ query: 'INSERT INTO kept VALUES (1), (2)' })
assert.deepEqual(await (await session.query({ query: 'SELECT sum(a) AS a FROM kept', format: 'JSONEachRow' })).json(), [{ a: 3 }])

await Promise.all([client.close(), compressing.close(), session.close()])
console.log('done')
