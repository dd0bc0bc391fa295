/** What a request asks for: its path without percent-encoding, and its query. */
export interface Target {
  path: string
  search: URLSearchParams
}

/** Of a request line: a path, or a whole URL as clients send it to proxies. */
export function targetOf(url = '/'): Target {
  // What begins with two slashes is a path here, and a host to URL.
  const absolute = url.startsWith('/') ? undefined : URL.parse(url)
  const own = absolute ? `${absolute.pathname}${absolute.search}` : url
  const end = own.indexOf('?')
  const [path, search] = end === -1 ? [own, ''] : [own.slice(0, end), own.slice(end + 1)]
  return { path: plain(path), search: new URLSearchParams(search) }
}

function plain(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
