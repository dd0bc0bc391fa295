/** A URL that can be shown: providers put keys in the user part, the query, or the path. */
export function redact(url: string): string {
  const shown = new URL(url)
  if (shown.username !== '') shown.username = '***'
  if (shown.password !== '') shown.password = '***'
  for (const name of new Set(shown.searchParams.keys())) shown.searchParams.set(name, '***')
  shown.pathname = shown.pathname.replaceAll(/[A-Za-z0-9_-]{16,}/g, '***')
  return shown.href
}
