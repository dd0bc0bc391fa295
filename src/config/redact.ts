const KEY = /[\w-]{16,}/g

/** A URL without credentials: providers put keys in the user part, the query, or the path. */
export function redact(url: string): string {
  const shown = new URL(url)
  if (shown.username !== '') shown.username = '***'
  if (shown.password !== '') shown.password = '***'
  if (shown.search !== '') shown.search = '?***'
  shown.pathname = shown.pathname.replaceAll(KEY, '***')
  return shown.href
}

/** The same for text that is not a valid list of URLs: what could be a credential is hidden. */
export function redactText(text: string): string {
  return (
    text
      // A user part can hold commas, slashes and @, so everything before the last @ is hidden.
      .replace(/^([a-z][a-z\d+.-]*:\/\/)?[^]*@/i, '$1***@')
      .replaceAll(/\?[^,\s]+/g, '?***')
      .replaceAll(/(?<=[^/]\/[^,\s]*)[\w-]{16,}/g, '***')
  )
}
