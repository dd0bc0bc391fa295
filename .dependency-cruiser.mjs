import { fileURLToPath } from 'node:url'

/**
 * The walls of src/: which room may import from which, and what the client and the page may import.
 * `npm run walls` checks them, imports of types included. A room is a folder of src/ (or main.ts). It may import from itself and from the rooms in
 * its list, and from nothing else. A new folder needs a line here before its first import.
 */

/** What serves only reads: the store's shape and its reads, never its writes. */
const STORE_READS = ['store/store.ts', 'store/read']
/** Everything that runs inside the daemon. */
const PARTS = [
  'domain',
  'source',
  'failover',
  'decode',
  'store',
  'ingest',
  'audit',
  'relay',
  'feed',
]

const ROOMS = {
  domain: [],
  auth: ['domain'],
  simulator: ['domain'],
  decode: ['domain'],
  source: ['domain', 'simulator'],
  failover: ['domain', 'source'],
  store: ['domain'],
  ingest: ['domain', 'source', 'decode', 'store'],
  audit: ['domain', 'source', 'decode', 'store'],
  relay: ['domain', 'store'],
  feed: ['domain', ...STORE_READS],
  metrics: ['domain', 'feed', ...STORE_READS],
  http: ['domain', 'auth', 'feed', ...STORE_READS],
  snapshot: ['domain', 'source', 'store'],
  rest: ['domain', 'auth', 'feed', 'metrics', 'http', 'snapshot', ...STORE_READS],
  v1: ['domain', 'auth', 'feed', 'http', ...STORE_READS],
  config: ['domain'],
  daemon: ['config', 'auth', ...PARTS, 'metrics', 'http', 'snapshot', 'rest', 'v1'],
  command: ['config', ...PARTS, 'simulator', 'metrics', 'http', 'rest', 'daemon'],
  testing: ['config', 'domain', 'simulator', 'daemon', ...STORE_READS],
  'main.ts': ['config', 'command'],
}

/** Matches the paths inside src/ of rooms (`store`), folders (`store/read`) and files (`main.ts`). */
function paths(places) {
  const escaped = places.map((place) => place.replaceAll('.', String.raw`\.`))
  return `^src/(${escaped.join('|')})(/|$)`
}

function wall([room, allowed]) {
  return {
    name: room,
    comment: `${room} may import from ${allowed.join(', ') || 'no other room'}`,
    severity: 'error',
    from: { path: paths([room]) },
    to: { path: '^src/', pathNot: paths([room, ...allowed]) },
  }
}

export default {
  forbidden: [
    ...Object.entries(ROOMS).map(wall),
    {
      name: 'room-without-a-wall',
      comment: 'a new room needs a line in ROOMS (.dependency-cruiser.mjs)',
      severity: 'error',
      from: { path: '^src/', pathNot: paths(Object.keys(ROOMS)) },
      to: { path: '^src/' },
    },
    {
      name: 'store-read',
      comment: 'reading never depends on writing',
      severity: 'error',
      from: { path: paths(['store/read']) },
      to: { path: paths(['store/write']) },
    },
    {
      name: 'client',
      comment: 'the client shares the pure values and functions of the daemon, and nothing else',
      severity: 'error',
      from: { path: '^client/' },
      to: { path: '^(src|web)/', pathNot: paths(['domain']) },
    },
    {
      name: 'web',
      comment: 'the page is built with what every other user of the client has',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|client)/', pathNot: '^client/src/(client|react/react)\.ts$' },
    },
    {
      name: 'daemon',
      comment: 'the daemon needs neither its client nor its page',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(client|web)/' },
    },
    {
      name: 'not-src',
      comment: 'the program does not import from its tests or benches',
      severity: 'error',
      from: { path: '^(src|client|web)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'circle',
      comment:
        'a circle has no order to read it in; move what both need to where both may import it',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    // The default parser cannot read TypeScript and would find no import at all.
    parser: 'swc',
    includeOnly: '^(src|test|bench|client/src|web)/',
    exclude: '(^|/)(dist|node_modules)/',
    tsConfig: { fileName: fileURLToPath(new URL('tsconfig.json', import.meta.url)) },
  },
}
