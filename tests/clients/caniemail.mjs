// Reads HTML, and prints each of its features that some mail program does not support, a line each.

import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const folder = `${process.env.AIVIEWS_TEST_CLIENTS}/node_modules/caniemail/dist/index.js`
const { caniemail } = await import(pathToFileURL(folder))
// Of others its data has gaps, on which it breaks.
const clients = ['apple-mail.*', 'gmail.*', 'outlook.*', 'yahoo.*', 'aol.*', 'samsung-email.*', 'thunderbird.macos', 'fastmail.*']
const { issues } = caniemail({ clients, html: readFileSync(0, 'utf8') })
const titles = new Set()
for (const found of issues.errors.values()) {
  for (const issue of found.issues ?? found) titles.add(issue.title)
}
for (const title of titles) console.log(title)
