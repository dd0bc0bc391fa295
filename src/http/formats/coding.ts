import { promisify } from 'node:util'
import { pipeline, Readable } from 'node:stream'
import type { Transform } from 'node:stream'
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from 'node:zlib'
import { preferences } from './preferences.ts'

/**
 * Compression. Node does the work on other threads. The settings are those with which it costs
 * about as much as sending: the default of br would take a hundred times longer, and the window that
 * it would use takes megabytes for each answer under way.
 */

export type Coding = 'br' | 'gzip'

const GZIP = { level: 5 }
const BROTLI = {
  params: {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 18,
  },
}

/** In the order in which we prefer them. */
const CODINGS: readonly Coding[] = ['br', 'gzip']

/** Undefined: as it is. */
export function preferredCoding(acceptEncoding: string | undefined): Coding | undefined {
  const asked = preferences(acceptEncoding)
  const weightOf = (coding: string) =>
    (asked.find(({ value }) => value === coding) ?? asked.find(({ value }) => value === '*'))
      ?.weight ?? 0
  const plain = asked.find(({ value }) => value === 'identity')?.weight ?? 0
  const [best] = CODINGS.toSorted((a, b) => weightOf(b) - weightOf(a))
  if (best === undefined || weightOf(best) === 0) return undefined
  return weightOf(best) >= plain ? best : undefined
}

const whole = { br: promisify(brotliCompress), gzip: promisify(gzip) }

export function compress(bytes: Uint8Array, coding: Coding): Promise<Buffer<ArrayBuffer>> {
  return coding === 'br' ? whole.br(bytes, BROTLI) : whole.gzip(bytes, GZIP)
}

/** Reads only as much as is taken from the result. */
export function compressStream(
  chunks: AsyncIterable<Uint8Array>,
  coding: Coding,
): ReadableStream<Uint8Array> {
  const coder: Transform = coding === 'br' ? createBrotliCompress(BROTLI) : createGzip(GZIP)
  // The error, if there is one, reaches the reader of the result.
  pipeline(Readable.from(chunks), coder, () => {})
  const compressed = coder[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await compressed.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel() {
        coder.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
