import { BlockList, isIP } from 'node:net'

/** Addresses and ranges as a list, or what was expected. */
export function parseRanges(text: string): BlockList | string {
  const list = new BlockList()
  for (const range of text.split(',').map((part) => part.trim())) {
    if (range === '') continue
    const [address = '', prefix, ...rest] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const bits = Number(prefix ?? 0)
    const legal = isIP(address) !== 0 && /^\d*$/.test(prefix ?? '') && prefix !== ''
    if (!legal || rest.length > 0 || bits > (family === 'ipv4' ? 32 : 128)) {
      return 'addresses and ranges of proxies, comma-separated, such as 10.0.0.0/8,::1'
    }
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}
