/** The public keys cannot be fetched, so nothing is known about the token. */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable'
}
