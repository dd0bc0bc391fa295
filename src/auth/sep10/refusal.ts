/** Why a request or a challenge is refused. The text is for the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** The request may be right, but cannot be decided now. The text is for the client. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
