/** Decodes the chunked transfer coding; throws on anything that is not valid. */
export function createDechunker(): { push(bytes: string): string; complete(): boolean } {
  let rest = ''
  let complete = false

  return {
    push(bytes) {
      rest += bytes
      let body = ''
      for (;;) {
        if (complete && rest !== '') throw new Error('bytes after the last chunk')
        const line = /^([0-9a-f]+)\r\n/.exec(rest)
        if (line === null) {
          if (/^(?![0-9a-f]{1,8}\r?$)./s.test(rest)) throw new Error(`no chunk: ${rest}`)
          return body
        }
        const [prefix, size = ''] = line
        const end = prefix.length + Number.parseInt(size, 16)
        if (rest.length < end + 2) return body
        if (rest.slice(end, end + 2) !== '\r\n') throw new Error('a chunk is longer than its size')
        body += rest.slice(prefix.length, end)
        complete = end === prefix.length
        rest = rest.slice(end + 2)
      }
    },
    complete: () => complete,
  }
}

export interface ResponseHead {
  status: number
  headers: Record<string, string>
}

/** The head of a response and what follows it; undefined until the head is complete. */
export function takeHead(text: string): { head: ResponseHead; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { head: { status: Number(first.split(' ')[1]), headers }, rest: text.slice(end + 4) }
}
