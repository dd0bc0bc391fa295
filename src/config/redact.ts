const KEY = /[\w-]{16,}/g

/** A URL that can be shown: providers put keys in the user part, the query, or the path. */
export function redact(url: string): string {
  const shown = new URL(url)
  if (shown.username !== '') shown.username = '***'
  if (shown.password !== '') shown.password = '***'
  if (shown.search !== '') shown.search = '?***'
  shown.pathname = shown.pathname.replaceAll(KEY, '***')
  return shown.href
}

/** As `redact`, of text that was meant as URLs and is none: what is not sure to be harmless is hidden. */
export function redactText(text: string): string {
  return (
    text
      // A user part may hold anything, commas and slashes included, so all before the last one goes.
      .replace(/^([a-z][a-z\d+.-]*:\/\/)?[^]*@/i, '$1***@')
      .replaceAll(/\?[^,\s]+/g, '?***')
      .replaceAll(/(?<=[^/]\/[^,\s]*)[\w-]{16,}/g, '***')
  )
}
